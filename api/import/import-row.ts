/**
 * One row of an import: what it says of a site, a device or both, still unchecked, or the reason why it cannot be
 * read. What a row does not mention stays as it is; null clears. A flat row has the columns of CSV; an empty cell says
 * nothing, and `\N` (as databases write it) clears.
 */

export interface ImportRow {
  /** 1 is the first line of the file. */
  line: number
  site?: unknown
  device?: unknown
  /** Why the row cannot be read. */
  reason?: string
}

/** How a file writes what it says. */
export interface ImportStyle {
  /** Numbers have a comma before their decimals; only where cells are not separated by commas. */
  decimalComma: boolean
  /** Names of attributes that are compared with readings. */
  numbers: ReadonlySet<string>
}

export const attributePrefix = 'attribute.'
export const clearMark = '\\N'

const siteColumns = ['site_name_en', 'site_name_zh', 'kind', 'lon', 'lat', 'district', 'basin']
const deviceColumns = ['profile', 'gateway', 'expected_interval', 'enabled']

/** Of CSV, and of flat lines of NDJSON; and `attribute.<name>`. */
export const importColumns: ReadonlySet<string> = new Set([
  'site',
  ...siteColumns,
  'device',
  ...deviceColumns,
])

/** A cell: its text, null to clear, undefined when it says nothing. */
type Cell = string | null | undefined

/** A site of which only the id is given is only referred to. */
export function flatRow(
  cells: ReadonlyMap<string, string>,
  line: number,
  style: ImportStyle,
): ImportRow {
  const cell = (name: string) => cellOf(cells.get(name))
  const attributes = attributesOf(cells, style)
  const siteId = cell('site')
  const deviceId = cell('device')
  if (deviceId === undefined && (siteId === undefined || siteId === null)) {
    return { line, reason: 'names neither a site nor a device' }
  }
  const describes =
    Object.keys(attributes).length > 0 || siteColumns.some((name) => cell(name) !== undefined)
  if (describes && typeof siteId !== 'string') {
    return { line, reason: 'site: is needed to describe one' }
  }
  const row: ImportRow = { line }
  if (typeof siteId === 'string' && (describes || deviceId === undefined)) {
    row.site = siteOf(siteId, cell, attributes, style)
  }
  if (deviceId !== undefined) {
    row.device = said({
      id: deviceId,
      site: siteId,
      profile: cell('profile'),
      gateway: cell('gateway'),
      expectedInterval: cell('expected_interval'),
      enabled: truthOf(cell('enabled')),
    })
  } else if (deviceColumns.some((name) => cell(name) !== undefined)) {
    return { line, reason: 'device: is needed to describe one' }
  }
  return row
}

function cellOf(text: string | undefined): Cell {
  if (text === undefined || text === '') return undefined
  return text === clearMark ? null : text
}

function siteOf(
  id: string,
  cell: (name: string) => Cell,
  attributes: Record<string, string | number | null>,
  style: ImportStyle,
): object {
  const name = said({ en: cell('site_name_en'), zh: cell('site_name_zh') })
  return said({
    id,
    name: Object.keys(name).length === 0 ? undefined : name,
    kind: cell('kind'),
    location: locationOf(cell('lon'), cell('lat'), style),
    district: cell('district'),
    basin: cell('basin'),
    attributes: Object.keys(attributes).length === 0 ? undefined : attributes,
  })
}

function locationOf(lon: Cell, lat: Cell, style: ImportStyle): unknown {
  if (lon === undefined && lat === undefined) return undefined
  if (lon === null && lat === null) return null
  return [lon, lat].map((degrees) =>
    typeof degrees === 'string' ? (numberOf(degrees, style) ?? degrees) : undefined,
  )
}

function attributesOf(
  cells: ReadonlyMap<string, string>,
  style: ImportStyle,
): Record<string, string | number | null> {
  const found: [string, string | number | null][] = []
  for (const [column, text] of cells) {
    const value = cellOf(text)
    if (value === undefined || !column.startsWith(attributePrefix)) continue
    const name = column.slice(attributePrefix.length)
    const isCode = !style.numbers.has(name) && /^[+-]?0\d/.test(value ?? '')
    found.push([name, value === null || isCode ? value : (numberOf(value, style) ?? value)])
  }
  return Object.fromEntries(found)
}

/** `9.3`, `+9.3`, `"9.30"`, `1.5E+01`, and `9,3` where commas stand before decimals; undefined when it is none. */
function numberOf(text: string, { decimalComma }: ImportStyle): number | undefined {
  const bare = text.replace(/^"(.*)"$/, '$1').trim()
  const plain = decimalComma ? bare.replace(/^([+-]?\d+),(\d+)/, '$1.$2') : bare
  if (!/^[+-]?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,3})?$/.test(plain)) return undefined
  const value = Number(plain)
  return Number.isFinite(value) ? value : undefined
}

function truthOf(cell: Cell): boolean | Cell {
  const word = cell?.toLowerCase()
  if (word === 'true' || word === '1') return true
  if (word === 'false' || word === '0') return false
  return cell
}

function said(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
