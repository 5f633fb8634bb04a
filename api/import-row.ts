/**
 * One row of an import: a site, a device or both, still unchecked, or the reason why it can not be read.
 * A flat row has the columns of CSV; an empty cell says nothing.
 */

export interface ImportRow {
  /** 1 is the first line of the file. */
  line: number
  site?: unknown
  device?: unknown
  /** Why the row can not be read. */
  reason?: string
}

export const attributePrefix = 'attribute.'

/** Of CSV, and of flat lines of NDJSON; and `attribute.<name>`. */
export const importColumns: ReadonlySet<string> = new Set([
  'site',
  'site_name_en',
  'site_name_zh',
  'kind',
  'lon',
  'lat',
  'district',
  'basin',
  'device',
  'profile',
  'gateway',
  'expected_interval',
  'enabled',
])
const siteColumns = ['site_name_en', 'site_name_zh', 'kind', 'lon', 'lat', 'district', 'basin']

/** One flat row; an empty cell says nothing. A site of which only the id is given is only referred to. */
export function flatRow(cells: ReadonlyMap<string, string>, line: number): ImportRow {
  const cell = (name: string) => (cells.get(name) === '' ? undefined : cells.get(name))
  const attributes = attributesOf(cells)
  const siteId = cell('site')
  const deviceId = cell('device')
  if (siteId === undefined && deviceId === undefined)
    return { line, reason: 'names neither a site nor a device' }
  const describes =
    Object.keys(attributes).length > 0 || siteColumns.some((name) => cell(name) !== undefined)
  if (describes && siteId === undefined) return { line, reason: 'site: is needed to describe one' }
  const row: ImportRow = { line }
  if (siteId !== undefined && (describes || deviceId === undefined)) {
    row.site = siteOf(siteId, cell, attributes)
  }
  if (deviceId !== undefined) {
    row.device = present({
      id: deviceId,
      site: siteId,
      profile: cell('profile'),
      gateway: cell('gateway'),
      expectedInterval: cell('expected_interval'),
      enabled: truthOf(cell('enabled')),
    })
  } else if (['profile', 'gateway', 'expected_interval', 'enabled'].some((name) => cell(name))) {
    return { line, reason: 'device: is needed to describe one' }
  }
  return row
}

function siteOf(
  id: string,
  cell: (name: string) => string | undefined,
  attributes: Record<string, string | number>,
): object {
  const [lon, lat] = [cell('lon'), cell('lat')]
  return present({
    id,
    name: present({ en: cell('site_name_en'), zh: cell('site_name_zh') }),
    kind: cell('kind'),
    location: lon === undefined && lat === undefined ? undefined : [numberOf(lon), numberOf(lat)],
    district: cell('district'),
    basin: cell('basin'),
    attributes,
  })
}

function attributesOf(cells: ReadonlyMap<string, string>): Record<string, string | number> {
  const found: [string, string | number][] = []
  for (const [name, value] of cells) {
    if (value === '' || !name.startsWith(attributePrefix)) continue
    found.push([name.slice(attributePrefix.length), numberOf(value) ?? value])
  }
  return Object.fromEntries(found)
}

/** A plain decimal number; anything else stays as it is, for the schema to object to. */
function numberOf(text: string | undefined): number | string | undefined {
  if (text === undefined || !/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return text
  return Number(text)
}

function truthOf(text: string | undefined): boolean | string | undefined {
  const word = text?.toLowerCase()
  if (word === 'true' || word === '1') return true
  if (word === 'false' || word === '0') return false
  return text
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
