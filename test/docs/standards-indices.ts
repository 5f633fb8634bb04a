/** The part of docs/standards.md that shows every index: editions, values, options, tables. */

import type {
  Edition,
  IndexDefinition,
  Indicator,
  StandardTable,
} from '../../domain/standards/definition.ts'
import { code, list, paragraphs, table } from './markdown.ts'

export function indexOverview(definitions: readonly IndexDefinition[]): string {
  return table(
    ['index', 'what it is', 'editions'],
    definitions.map(({ name, title, editions }) => [
      `[${code(name)}](#${name})`,
      `${title.en} ${title.zh}`,
      editions.map((edition) => `${edition.id} (${inForce(edition)})`).join('; '),
    ]),
  )
}

/** Shows tables. One that was shown before is not shown again: the reader is told where it is. */
export interface TableShower {
  show(shown: StandardTable, place: string): string
}

export function createTableShower(): TableShower {
  const known = new Map<string, { place: string; notes: Set<string> }>()
  return {
    show({ title, clause, confidence, columns, rows, notes }, place) {
      const heading = `**${title.en} ${title.zh}** (${clause}; confidence ${confidence})`
      const numbers = JSON.stringify([columns, rows])
      const before = known.get(numbers)
      if (before === undefined) {
        known.set(numbers, { place, notes: new Set(notes) })
        return paragraphs([heading, table(columns, rows), list(notes)])
      }
      const fresh = notes.filter((note) => !before.notes.has(note))
      return paragraphs([heading, `The same numbers as under ${before.place}.`, list(fresh)])
    },
  }
}

export function indexSection(definition: IndexDefinition, tables: TableShower): string {
  const { name, title, editions } = definition
  return paragraphs([
    `### ${name}`,
    `${title.en} ${title.zh}`,
    table(['edition', 'title', 'in force', 'confidence', 'source'], editions.map(editionRow)),
    optionTable(definition),
    // Newest first: it is what most people look for.
    ...editions.toReversed().map(({ id }) => editionSection(definition, id, tables)),
  ])
}

function editionSection(definition: IndexDefinition, edition: string, tables: TableShower): string {
  const { name, editions } = definition
  const link = `[${name}](#${name})`
  const place = editions.length > 1 ? `${link}, ${edition}` : link
  return paragraphs([
    editions.length > 1 ? `#### ${name}, ${edition}` : null,
    indicatorTable(definition.indicators(edition)),
    ...definition.tables(edition).map((one) => tables.show(one, place)),
  ])
}

function editionRow(edition: Edition): string[] {
  const { id, title, confidence, source } = edition
  return [id, `${title.en} ${title.zh}`, inForce(edition), confidence, source]
}

function inForce({ inForceFrom, inForceTo }: Edition): string {
  if (inForceTo === null) return inForceFrom === null ? 'date not known' : `since ${inForceFrom}`
  return `${inForceFrom ?? '…'} to ${inForceTo}`
}

/** What holds for all values is said once. */
function indicatorTable(indicators: readonly Indicator[]): string {
  const [first, ...others] = indicators.map(({ averaging }) => averaging.en)
  const same = others.length > 0 && others.every((averaging) => averaging === first)
  const rows = indicators.map(({ code: name, name: { en, zh }, unit, property, averaging }) => {
    const row = [code(name), `${en} ${zh}`, unit, property === null ? null : code(property)]
    return same ? row : [...row, averaging.en]
  })
  const columns = ['value', 'name', 'unit', 'from property', ...(same ? [] : ['averaging'])]
  return paragraphs([table(columns, rows), same ? `Each is: ${first}.` : null])
}

function optionTable({ options }: IndexDefinition): string | null {
  const rows = Object.entries(options).map(([name, { en }]) => [code(name), en])
  return rows.length === 0 ? null : table(['option', 'meaning'], rows)
}
