/** `/silences`: mute the webhooks of some alerts for a while; the author is whoever made it. */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { type Silence, silenceSchema } from '../../domain/silence.ts'
import { installCollection } from '../registry/collection.ts'
import type { ApiContext, App } from '../context.ts'
import { flagParameter } from '../http/query.ts'
import { checkSilence } from '../registry/silence-check.ts'
import { timeText } from '../readings/time-text.ts'

const filters = z.strictObject({
  active: flagParameter.optional().meta({ description: 'true: only those that are on now' }),
})

interface SilenceFilters {
  active?: boolean
}

export function installSilences(app: App, context: ApiContext): void {
  installCollection<'silence', Silence, SilenceFilters>(app, context, {
    kind: 'silence',
    path: '/silences',
    tag: 'Alerts',
    noun: 'silence',
    input: silenceSchema,
    makesId: true,
    read: 'viewer',
    write: 'operator',
    form: silenceSchema,
    filters,
    matches: ({ active }, { from, to }, now) =>
      active === undefined || active === (Date.parse(from) <= now && now < Date.parse(to)),
    complete(input, existing, by) {
      const author = existing?.author ?? by.id
      if (input.author !== '' && input.author !== author) {
        throw new Fault('impossible', `author: is set here, to "${author}"; leave it out.`, {
          field: 'author',
        })
      }
      const now = context.ports.clock.now()
      checkSilence(context.view, input, { before: existing, now })
      return { item: inUtc({ ...input, author }) }
    },
    toJson: (silences) => silences.map(inUtc),
  })
}

/** Times go out in UTC, whatever zone they came in; some were stored with theirs. */
function inUtc(silence: Silence): Silence {
  const { from, to } = silence
  return { ...silence, from: timeText(Date.parse(from)), to: timeText(Date.parse(to)) }
}
