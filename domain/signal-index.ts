/** The definition behind an index that a rule can watch; signals name a class where definitions name a standard. */

import type { SignalIndex } from './rule.ts'
import type { IndexDefinition, IndexName } from './standards/definition.ts'
import { indexDefinitions } from './standards/indices.ts'

export function indexOfSignal(signal: SignalIndex): IndexDefinition {
  const name: IndexName = signal === 'gb3838-class' ? 'gb3838' : signal
  const definition = indexDefinitions.get(name)
  if (definition === undefined) throw new Error(`There is no index ${name}.`)
  return definition
}
