/** The refusal of an edition that an index does not have. */

import { Fault } from '../../errors.ts'
import type { Edition } from '../definition.ts'

export function unknownEdition(given: string, editions: readonly Edition[]): Fault {
  const allowed = editions.map(({ id }) => `"${id}"`).join(', ')
  return new Fault(
    'bad_request',
    `edition: is ${JSON.stringify(given.slice(0, 64))}; must be one of ${allowed}.`,
    { field: 'edition' },
  )
}
