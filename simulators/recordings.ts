/**
 * The recorded episodes that are shipped: what they are, where they were measured, which levels matter there.
 * Sources and licences are in `episodes/README.md`.
 */

import { readFile } from 'node:fs/promises'
import { propertyOf } from '../domain/catalogue.ts'
import type { Site } from '../domain/site.ts'
import { hourMs, minuteMs } from './calendar.ts'
import type { Values } from './observe.ts'

export interface Station {
  /** Name in the file's column `station`. */
  name: string
  site: Site
  device: string
}

export interface Recording {
  id: string
  title: string
  /** Usual time between two rows of a station. */
  intervalMs: number
  attribution: string
  stations: readonly Station[]
}

export interface Row {
  /** Milliseconds since 1970 UTC, as recorded. */
  atMs: number
  device: string
  values: Values
}

type Facts = Pick<Site, 'location' | 'attributes'> & { en: string; zh: string }

function stations(
  recording: string,
  kind: Site['kind'],
  named: Readonly<Record<string, Facts>>,
): Station[] {
  return Object.entries(named).map(([name, { en, zh, location, attributes }]) => {
    const id = `replay-${recording}-${name.toLowerCase().replaceAll(' ', '-')}`
    const site: Site = {
      id,
      name: { en, zh },
      kind,
      location,
      district: null,
      basin: null,
      attributes: { replay: recording, ...attributes },
    }
    return { name, site, device: `${id}-1` }
  })
}

const chinaAir = 'CMA and Beijing MEMC, UCI data set 501 (Zhang et al. 2017), CC BY 4.0'
const ea =
  'Contains Environment Agency information © Environment Agency and/or database right, OGL v3.0'
const threshold = { levelSource: 'flood threshold of the FEV study and percentiles, not official' }

const gucheng: Facts = { en: 'Gucheng', zh: '古城', location: [116.184, 39.914], attributes: {} }

export const recordings: readonly Recording[] = [
  {
    id: 'beijing-smog-2015',
    title: 'Smog over Beijing, 28 November to 3 December 2015',
    intervalMs: hourMs,
    attribution: chinaAir,
    stations: stations('beijing-smog-2015', 'air-station', {
      Gucheng: gucheng,
      Dongsi: { en: 'Dongsi', zh: '东四', location: [116.417, 39.929], attributes: {} },
      Changping: { en: 'Changping', zh: '昌平镇', location: [116.23, 40.217], attributes: {} },
    }),
  },
  {
    id: 'beijing-rain-2016',
    title: 'Rainstorm over Beijing, 19 to 21 July 2016',
    intervalMs: hourMs,
    attribution: chinaAir,
    stations: stations('beijing-rain-2016', 'rain-gauge', {
      Wanliu: { en: 'Wanliu', zh: '万柳', location: [116.287, 39.987], attributes: {} },
      Gucheng: gucheng,
      Shunyi: { en: 'Shunyi', zh: '顺义新城', location: [116.655, 40.127], attributes: {} },
    }),
  },
  {
    id: 'boxing-day-2015',
    title: 'Boxing Day floods in Yorkshire, 24 to 28 December 2015',
    intervalMs: 15 * minuteMs,
    attribution: ea,
    stations: stations('boxing-day-2015', 'river-gauge', {
      Mytholmroyd: {
        en: 'River Calder at Mytholmroyd',
        zh: '考尔德河米瑟尔姆罗伊德站',
        location: [-1.9839, 53.73084],
        attributes: { warningLevel: 2.67, guaranteeLevel: 4.5, gaugeZero: 87.5, ...threshold },
      },
      Armley: {
        en: 'River Aire at Armley, Leeds',
        zh: '艾尔河阿姆利站',
        location: [-1.57549, 53.80173],
        attributes: { warningLevel: 3.01, guaranteeLevel: 3.9, gaugeZero: 26.06, ...threshold },
      },
    }),
  },
  {
    id: 'don-2019',
    title: 'Flood on the Don in South Yorkshire, 6 to 9 November 2019',
    intervalMs: 15 * minuteMs,
    attribution: ea,
    stations: stations('don-2019', 'river-gauge', {
      'Sheffield Hadfields': {
        en: 'River Don at Sheffield Hadfields',
        zh: '顿河谢菲尔德哈德菲尔兹站',
        location: [-1.41576, 53.41396],
        attributes: { warningLevel: 1.15, guaranteeLevel: 2.9, gaugeZero: 30.208, ...threshold },
      },
      'Rotherham Tesco': {
        en: 'River Don at Rotherham',
        zh: '顿河罗瑟勒姆站',
        location: null,
        attributes: { guaranteeLevel: 1.9, ...threshold },
      },
    }),
  },
  {
    id: 'pringle-creek-2019',
    title: 'A storm passes Pringle Creek, Texas, 6 to 8 November 2019',
    intervalMs: 5 * minuteMs,
    attribution: 'NEON (US National Science Foundation), CC0',
    stations: stations('pringle-creek-2019', 'surface-water', {
      'PRIN-upstream': {
        en: 'Pringle Creek, upstream',
        zh: '普林格尔溪上游',
        location: null,
        attributes: {},
      },
      'PRIN-downstream': {
        en: 'Pringle Creek, downstream',
        zh: '普林格尔溪下游',
        location: null,
        attributes: {},
      },
    }),
  },
  {
    id: 'water-burst-2021',
    title: 'A burst-like night in a supply district, 2 to 5 July 2021',
    intervalMs: hourMs,
    attribution: 'Battle of Water Demand Forecasting (Alvisi et al. 2025), CC BY 4.0',
    stations: stations('water-burst-2021', 'meter', {
      dma1: { en: 'Supply district 1', zh: '供水分区1', location: null, attributes: {} },
      dma7: { en: 'Supply district 7', zh: '供水分区7', location: null, attributes: {} },
      dma8: { en: 'Supply district 8', zh: '供水分区8', location: null, attributes: {} },
    }),
  },
]

export function recordingOf(id: string): Recording {
  const found = recordings.find((recording) => recording.id === id)
  if (found === undefined) {
    throw new RangeError(
      `there is no recording "${id}"; there are ${recordings.map((r) => r.id).join(', ')}`,
    )
  }
  return found
}

/** The sources keep the files beside this module; the build does not copy them. */
const folders = ['./episodes/', '../../simulators/episodes/']

export async function readRows(recording: Recording): Promise<Row[]> {
  for (const folder of folders) {
    const file = new URL(`${folder}${recording.id}.csv`, import.meta.url)
    try {
      return parseRows(recording, await readFile(file, 'utf8'))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  throw new Error(`the file of recording ${recording.id} is missing (simulators/episodes/)`)
}

/** Our own files: no quotes, no commas in cells. Empty cells are left out. */
export function parseRows(recording: Recording, text: string): Row[] {
  const [header = '', ...lines] = text.trimEnd().split('\n')
  const codes = header.split(',').slice(2)
  const devices = new Map(recording.stations.map((station) => [station.name, station.device]))
  return lines.map((line, i) => {
    const [time = '', name = '', ...cells] = line.split(',')
    const device = devices.get(name)
    const atMs = Date.parse(time)
    if (device === undefined || Number.isNaN(atMs) || cells.length !== codes.length) {
      throw new Error(`${recording.id}.csv line ${i + 2}: not a row of this recording`)
    }
    const values: Values = {}
    for (const [column, code] of codes.entries()) {
      const cell = cells[column] ?? ''
      if (cell !== '' && propertyOf(code) !== undefined) values[code] = Number(cell)
    }
    return { atMs, device, values }
  })
}
