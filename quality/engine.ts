/**
 * The tests as one machine: takes readings in the order of the stream and keeps what the next ones need. No input, no
 * output, no clock; `quality-control.ts` gives it the past.
 */

import { streamFlag } from '../domain/quality.ts'
import type { Reading, SeriesKey } from '../domain/reading.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { createAttenuatedSignal } from './attenuated-signal.ts'
import { clockMark, createClockTable } from './clock.ts'
import { addSeries, createDeviceBook, type KnownDevice, rowOf, unknownRow } from './device-book.ts'
import { restoreRun } from './flat-line.ts'
import { createLateTracks } from './late-tracks.ts'
import { createNeighbours } from './neighbour.ts'
import { createPlanBook } from './plan-book.ts'
import { recall, unknown } from './recall.ts'
import { isSentinelOutcome, sentinelFail } from './sentinel.ts'
import { createSeriesTable, field } from './series-table.ts'
import { alone, isTooMuch, tooMuch } from './spans.ts'
import type { Thresholds } from './thresholds.ts'
import {
  advance,
  advanceSentinel,
  amend,
  found,
  isWaiting,
  lookBack,
  type Point,
  passOver,
  settle,
  stepBack,
} from './track.ts'

export interface Engine {
  knows(device: string, property: string): boolean
  /** Takes over what the store has of a series that is not known yet, rising in time observed. */
  learn(series: SeriesKey, past: readonly Reading[]): void
  /** Judges one reading; what it tells of the one before is added to `revised`. */
  examine(reading: Reading, revised: Reading[]): Reading
  thresholds(series: SeriesKey): Thresholds
  /** Looks whether some of the devices are still registered, and forgets those that are not. */
  tidy(devices: number): void
}

type Measured = SeriesKey & Point

export function createEngine(registry: RegistryView): Engine {
  const table = createSeriesTable()
  const clocks = createClockTable()
  const devices = createDeviceBook()
  const plans = createPlanBook(registry)
  const late = createLateTracks(table)
  const neighbours = createNeighbours(table, registry)
  const attenuated = createAttenuatedSignal()

  function deviceOf(id: string): KnownDevice {
    return devices.find(id) ?? devices.add(id, clocks.add())
  }

  function seriesOf(device: KnownDevice, property: string): number {
    const known = rowOf(device, property)
    if (known !== unknownRow) return known
    const row = table.add()
    addSeries(device, property, row)
    return row
  }

  function thresholdsAt(row: number, { device, property }: SeriesKey): Thresholds {
    const { view } = table
    if (view.getInt32(row + field.version) === registry.version) {
      return plans.at(view.getInt32(row + field.thresholds))
    }
    const number = plans.numberOf(device, property)
    const thresholds = plans.at(number)
    view.setInt32(row + field.version, registry.version)
    view.setInt32(row + field.thresholds, number)
    if (thresholds.neighbour === null) neighbours.leave(row)
    else neighbours.join(row, property, registry.device(device)?.site ?? null)
    return thresholds
  }

  /** Along the track in `row`; the reading is newer than all in it. */
  function follow(
    row: number,
    reading: Measured,
    thresholds: Thresholds,
    revised: Reading[],
  ): number {
    const { view } = table
    const told = lookBack(view, row, reading, thresholds)
    const before = told === 0 ? undefined : newest(view, row, reading)
    const tests = advance(view, row, reading, { thresholds, attenuated })
    if (before !== undefined) {
      /** Of the values before a sentinel tells only that they are some, too. */
      const known = isSentinelOutcome(tests) ? told & sentinelFail : told
      if (known !== 0) revised.push(amended(view, row, before, known))
    }
    return alone(tests, reading, thresholds)
  }

  /** Not newer than the newest: a repeat, another value for the same moment, or late. */
  function fallBack(
    row: number,
    reading: Measured,
    thresholds: Thresholds,
    { clock, revised }: { clock: number; revised: Reading[] },
  ): number {
    const { observedAt, receivedAt, value } = reading
    const isNewest = observedAt === table.view.getFloat64(row + field.at)
    const known = recall(table.view, row, observedAt, value)
    if (known !== unknown) {
      if (isNewest) table.view.setFloat64(row + field.receivedAt, receivedAt)
      return known
    }
    if (isNewest) stepBack(table.view, row)
    const track = isNewest ? row : late.of(row)
    if (!isNewest) {
      const seen = recall(table.view, track, observedAt, value)
      if (seen !== unknown) return seen
      late.make(track, observedAt)
    }
    const tests = follow(track, reading, thresholds, revised) | clock
    settle(table.view, track, reading, tests)
    return tests
  }

  function testsOf(row: number, reading: Measured, clock: number, revised: Reading[]): number {
    const thresholds = thresholdsAt(row, reading)
    if (reading.observedAt <= table.view.getFloat64(row + field.at)) {
      return fallBack(row, reading, thresholds, { clock, revised })
    }
    let tests = follow(row, reading, thresholds, revised) | clock
    if (thresholds.neighbour !== null) {
      tests |= neighbours.mark(row, reading.property, reading, thresholds.neighbour)
    }
    settle(table.view, row, reading, tests)
    return tests
  }

  function learnOne(row: number, reading: Reading & Point, thresholds: Thresholds): void {
    const { tests } = reading
    if (tests !== undefined && isSentinelOutcome(tests)) {
      advanceSentinel(table.view, row, reading, tests)
    } else {
      const outcomes = follow(row, reading, thresholds, [])
      settle(table.view, row, reading, tests ?? outcomes)
    }
  }

  function forget(device: KnownDevice): void {
    for (const row of device.rows) {
      late.forget(row)
      attenuated.forget(row)
      neighbours.leave(row)
      table.remove(row)
    }
    clocks.remove(device.clock)
    devices.remove(device.id)
  }

  return {
    knows(id, property) {
      const device = devices.find(id)
      return device !== undefined && rowOf(device, property) !== unknownRow
    },
    learn(series, past) {
      const row = seriesOf(deviceOf(series.device), series.property)
      const thresholds = thresholdsAt(row, series)
      for (const reading of asReceived(past)) {
        if (!isMeasured(reading)) continue
        if (reading.observedAt > table.view.getFloat64(row + field.at)) {
          learnOne(row, reading, thresholds)
        } else {
          const track = late.of(row)
          late.make(track, reading.observedAt)
          learnOne(track, reading, thresholds)
        }
      }
      const { flat } = thresholds
      const tests = past.at(-1)?.tests
      if (flat !== null && tests !== undefined) restoreRun(table.view, row, tests, flat)
    },
    examine(reading, revised) {
      const { device: id, property, observedAt, receivedAt, value } = reading
      const device = deviceOf(id)
      const row = seriesOf(device, property)
      const clock = clockMark(clocks.view, device.clock, observedAt, receivedAt)
      if (!isMeasured(reading)) {
        passOver(table.view, row, observedAt)
        const track = table.view.getInt32(row + field.late)
        if (track >= 0) passOver(table.view, track, observedAt)
        return reading
      }
      const tests = testsOf(row, reading, clock, revised)
      const quality = streamFlag(tests)
      return { device: id, property, observedAt, receivedAt, value, quality, tests }
    },
    thresholds: ({ device, property }) => plans.at(plans.numberOf(device, property)),
    tidy(count) {
      for (const device of devices.some(count)) {
        if (registry.device(device.id) === undefined) forget(device)
      }
    },
  }
}

function isMeasured(reading: Reading): reading is Reading & Point {
  return reading.value !== null
}

/** Of one message, which the order of its times is the best guess for, none is late. */
function asReceived(past: readonly Reading[]): readonly Reading[] {
  const isInOrder = past.every((reading, i) => reading.receivedAt >= (past[i - 1]?.receivedAt ?? 0))
  return isInOrder ? past : past.toSorted((one, other) => one.receivedAt - other.receivedAt)
}

/** The newest value of the track as it was stored. */
function newest(view: DataView, row: number, { device, property }: SeriesKey): Newest {
  return {
    device,
    property,
    observedAt: view.getFloat64(row + field.at),
    receivedAt: view.getFloat64(row + field.receivedAt),
    value: view.getFloat64(row + field.value),
    tests: view.getInt32(row + field.tests),
    isWaiting: isWaiting(view, row),
  }
}

type Newest = Measured & { tests: number; isWaiting: boolean }

/** The value that was the newest, with what the one after it has told. */
function amended(
  view: DataView,
  row: number,
  { isWaiting: wasWaiting, ...reading }: Newest,
  told: number,
): Reading {
  const before = isTooMuch(told) ? tooMuch(reading.tests) : reading.tests | told
  const tests = wasWaiting ? found(before) : before
  amend(view, row, reading.observedAt, tests)
  return { ...reading, quality: streamFlag(tests), tests }
}
