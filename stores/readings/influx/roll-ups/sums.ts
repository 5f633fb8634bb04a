/**
 * The sums of a task as lines for InfluxDB: one for each hour or day that has readings of flags 1 and 2, and a count of
 * zero where a sum stands of which no reading counts any more. (Not all versions of InfluxDB can take a point away.)
 */

import { levelOf } from '../../../../domain/decibel.ts'
import { digitsOfPlainSum, figure } from '../../../../domain/figure.ts'
import type { Connection, Rows } from '../http/connection.ts'
import {
  codeCondition,
  deviceCondition,
  energyText,
  nameText,
  timeCondition,
} from '../http/influxql.ts'
import {
  closedMsOf,
  codesWithValue,
  fieldSuffixes,
  influxTimes,
  rollUpName,
  sumNameOf,
  tagNames,
} from '../layout.ts'
import { decodeTag, escapeKey, floatText, tagsText } from '../write/line-protocol.ts'
import type { RollUpTask } from './roll-up-plan.ts'
import { numberAt } from '../query/rows.ts'

export interface SumLine {
  device: string
  /** Measurement and tags. */
  prefix: string
  fields: string
  at: number
}

export interface Sums {
  lines: SumLine[]
  /** Devices whose sums InfluxDB cannot tell: they are too large for its JSON. */
  left: string[]
}

export interface Summing {
  connection: Connection
  task: RollUpTask
  property: string
  /** Days made of hours; else of readings. */
  ofHours: boolean
  /** Whether older sums of the device may stand there where none is made now. */
  mayHaveHad(device: string): boolean
  /** Whether they may stand there even where one is made now: under other tags. */
  mayStandElsewhere(device: string): boolean
}

export async function sumsOf(summing: Summing): Promise<Sums> {
  const sums: Sums = { lines: [], left: [] }
  await sumUp(summing, summing.task.devices, sums)
  await emptyOthers(summing, sums)
  return sums
}

/** By halves when the answer cannot be read, until it is clear whose sums are to blame. */
async function sumUp(summing: Summing, devices: readonly string[], sums: Sums): Promise<void> {
  const answer = await summing.connection.ask(sumStatement(summing, devices))
  const lines = answer?.map((rows) => sumLines(rows, summing))
  if (lines !== undefined && !lines.includes(undefined)) {
    for (const each of lines) for (const line of each ?? []) sums.lines.push(line)
  } else if (devices.length === 1) {
    for (const device of devices) sums.left.push(device)
  } else {
    const middle = devices.length >>> 1
    await sumUp(summing, devices.slice(0, middle), sums)
    await sumUp(summing, devices.slice(middle), sums)
  }
}

function sumStatement({ task, property, ofHours }: Summing, devices: readonly string[]): string {
  const { measurement, within, span } = task
  const tags = tagNames.map(nameText).join(', ')
  if (ofHours) {
    const name = (suffix: string) => nameText(`${property}_${suffix}`)
    const fields = [
      `min(${name('min')}) AS "min"`,
      `max(${name('max')}) AS "max"`,
      `sum(${name(sumNameOf(property))}) AS "sum"`,
      `sum(${name('count')}) AS "count"`,
    ]
    const conditions = [deviceCondition(devices), timeCondition(within), `${name('count')} > 0`]
    const source = nameText(rollUpName(measurement, '1h'))
    return `SELECT ${fields.join(', ')} FROM ${source} WHERE ${conditions.join(' AND ')} GROUP BY ${tags}`
  }
  const closedMs = closedMsOf(property)
  const conditions = [
    deviceCondition(devices),
    timeCondition({ from: within.from + closedMs, to: within.to + closedMs }),
    codeCondition(`${property}${fieldSuffixes.flag}`, codesWithValue([1, 2])),
  ]
  const where = conditions.join(' AND ')
  const value = nameText(property)
  const isEnergy = sumNameOf(property) === 'energy'
  const summed = isEnergy ? '"energy"' : value
  const fields = [
    ...['min', 'max', 'count'].map((fn) => `${fn}(${value}) AS "${fn}"`),
    `sum(${summed}) AS "sum"`,
  ]
  const source = isEnergy
    ? `(SELECT ${value}, ${energyText(property)} AS "energy" FROM ${nameText(measurement)} WHERE ${where} GROUP BY *)`
    : `${nameText(measurement)} WHERE ${where}`
  const grouping = span === '1h' ? `time(1h, ${closedMs}ms), ${tags} fill(none)` : tags
  const outer = isEnergy ? ` WHERE ${conditions[1]}` : ''
  return `SELECT ${fields.join(', ')} FROM ${source}${outer} GROUP BY ${grouping}`
}

/** A line for each span that has readings; undefined when a number is missing. */
function sumLines(rows: Rows, { task, property, ofHours }: Summing): SumLine[] | undefined {
  const { span, starts } = task
  const place = (name: string) => rows.columns.indexOf(name)
  const key = escapeKey(property)
  const lines: SumLine[] = []
  for (const row of rows.values) {
    const cell = (name: string) => numberAt(row, place(name))
    const [min, max, sum, count] = [cell('min'), cell('max'), cell('sum'), cell('count')]
    const time = cell('time')
    const hour = time === undefined || ofHours ? time : time - closedMsOf(property)
    const at = span === '1h' ? hour : starts[0]
    if (!count || at === undefined) continue
    if (min === undefined || max === undefined || sum === undefined) return undefined
    const sumName = sumNameOf(property)
    const digits = digitsOfPlainSum(count)
    const mean = sumName === 'energy' ? levelOf(sum / count) : sum / count
    const plain = sumName === 'energy' ? sum : figure(sum, 0, digits)
    const numbers = Object.entries({
      ...{ mean: figure(mean, 0, digits), min, max, [sumName]: plain, count },
    })
    const fields = numbers.map(([name, value]) => `${key}_${name}=${floatText(value)}`).join(',')
    lines.push({ ...subjectOf(rows, task), fields, at })
  }
  return lines
}

/** Asks only where something is missing: nearly always every device has something to sum up. */
async function emptyOthers(summing: Summing, { lines, left }: Sums): Promise<void> {
  const { connection, task, property } = summing
  const made = new Set(lines.map(({ device, at }) => `${at} ${device}`))
  const doubtful = task.devices.filter((device) => {
    if (left.includes(device) || !summing.mayHaveHad(device)) return false
    const isMissing = task.starts.some((start) => !made.has(`${start} ${device}`))
    return isMissing || summing.mayStandElsewhere(device)
  })
  const statement = standingStatement(task, property, doubtful)
  if (doubtful.length === 0 || statement === undefined) return
  const key = escapeKey(property)
  const known = new Set(lines.map(({ prefix, at }) => `${prefix} ${at}`))
  const answer = await connection.ask(statement)
  for (const rows of answer ?? []) {
    const time = rows.columns.indexOf('time')
    const subject = subjectOf(rows, task)
    for (const row of rows.values) {
      const at = numberAt(row, time)
      if (at === undefined || known.has(`${subject.prefix} ${at}`)) continue
      lines.push({ ...subject, fields: `${key}_count=0,${key}_${sumNameOf(property)}=0`, at })
    }
  }
}

/** Undefined when InfluxDB can hold nothing there. */
function standingStatement(
  { measurement, span, starts, within }: RollUpTask,
  property: string,
  devices: readonly string[],
): string | undefined {
  const first = starts[0] ?? within.from
  const times = span === '1h' ? within : { from: first, to: first + 1 }
  if (times.to <= influxTimes.from) return undefined
  const count = nameText(`${property}_count`)
  const where = [deviceCondition(devices), timeCondition(times), `${count} > 0`].join(' AND ')
  const tags = tagNames.map(nameText).join(', ')
  return `SELECT ${count} FROM ${nameText(rollUpName(measurement, span))} WHERE ${where} GROUP BY ${tags}`
}

function subjectOf({ tags }: Rows, { measurement, span }: RollUpTask) {
  const names = Object.entries(tags).map(([tag, value]) => [tag, decodeTag(value ?? '')] as const)
  const own = Object.fromEntries(names)
  const prefix = `${escapeKey(rollUpName(measurement, span))}${tagsText(own)}`
  return { device: own.device ?? '', prefix }
}
