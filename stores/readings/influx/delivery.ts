/**
 * Sends the lines of a batch, several requests at once, until each is stored or refused for good.
 *
 * A request that is too large is halved. One that holds what is refused is halved as well, down to single readings, so
 * that a poisoned one costs its neighbours nothing. When the answer names a field whose type conflicts, its readings
 * are taken out at once: InfluxDB judges types by shard, none of which begins or ends within an hour, so the readings
 * of that field within one hour share their fate.
 */

import { Fault } from '../../../domain/errors.ts'
import { fieldSuffixes, propertyOfField } from './layout.ts'
import { type Lines, lineText } from './lines.ts'
import type { Outcome } from './outcome.ts'
import { inParallel } from './parallel.ts'
import type { Sheet } from './sheet.ts'

export interface Refusal {
  slot: number
  reason: string
}

export interface DeliveryParts {
  write(lines: string): Promise<Outcome>
  /** Told of points that are older than the database keeps. */
  onAged(reason: string): void
}

const requestsMax = 4
const linesMax = 10_000
/** A small batch goes as one request. */
const linesMin = 1_000
/** InfluxDB 3 takes 10 MiB. */
const bytesMax = 4_000_000
const hourMs = 3_600_000

/** Throws `Fault` `store_unavailable` when the world is at fault; anything may have been stored then. */
export async function deliver(
  sheet: Sheet,
  lines: Lines,
  { write, onAged }: DeliveryParts,
): Promise<Refusal[]> {
  const refusals: Refusal[] = []

  async function send(text: string): Promise<Outcome> {
    const outcome = await write(text)
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') throw unavailable(outcome)
    if (outcome.kind === 'aged') onAged(outcome.reason)
    return outcome
  }

  async function sendPieces(pieces: readonly Piece[]): Promise<void> {
    if (pieces.length === 0) return
    await salvage(pieces, await send(pieces.map(({ text }) => text).join('\n')))
  }

  async function salvage(pieces: readonly Piece[], outcome: Outcome): Promise<void> {
    if (outcome.kind !== 'halve' && outcome.kind !== 'bisect') return
    const field = outcome.kind === 'bisect' ? outcome.field : undefined
    if (field !== undefined && (await takeOut(field, pieces, outcome.reason))) return
    const halves = halve(pieces, sheet)
    if (halves === undefined) {
      for (const { slots } of pieces) refuse(slots, outcome.reason)
    } else {
      for (const half of halves) await sendPieces(half)
    }
  }

  /** The readings that write this field by themselves, hour by hour. False when there are none. */
  async function takeOut(
    field: string,
    pieces: readonly Piece[],
    reason: string,
  ): Promise<boolean> {
    const isOf = (slot: number) => writesField(sheet, slot, field)
    const hours = groupByHour(
      pieces.flatMap(({ slots }) => slots.filter(isOf)),
      sheet,
    )
    if (hours.size === 0) return false
    const others = pieces.map(({ slots }) => slots.filter((slot) => !isOf(slot)))
    const rest = others.filter((slots) => slots.length > 0).map((slots) => pieceOf(slots, sheet))
    if (rest.length === 0 && hours.size === 1) {
      for (const { slots } of pieces) refuse(slots, reason)
      return true
    }
    await sendPieces(rest)
    for (const slots of hours.values()) {
      await sendPieces(slots.map((slot) => pieceOf([slot], sheet)))
    }
    return true
  }

  function refuse(slots: readonly number[], reason: string): void {
    for (const slot of slots) refusals.push({ slot, reason })
  }

  await inParallel(parcelsOf(lines), requestsMax, async ({ from, to }) => {
    const outcome = await send(lines.textOf(from, to))
    if (outcome.kind === 'stored' || outcome.kind === 'aged') return
    await salvage(piecesOf(lines, from, to), outcome)
  })
  return refusals
}

/** A line to be sent again. */
interface Piece {
  text: string
  slots: readonly number[]
}

function pieceOf(slots: readonly number[], sheet: Sheet): Piece {
  return { text: lineText(sheet, slots), slots }
}

function piecesOf(lines: Lines, from: number, to: number): Piece[] {
  const pieces: Piece[] = []
  for (let line = from; line < to; line++) {
    pieces.push({ text: lines.textOf(line, line + 1), slots: lines.slotsOf(line) })
  }
  return pieces
}

/** Numbers of lines, half-open, that make one request. */
interface Parcel {
  from: number
  to: number
}

function parcelsOf(lines: Lines): Parcel[] {
  const { count } = lines
  const size = Math.min(Math.max(Math.ceil(count / requestsMax), linesMin), linesMax)
  const parcels: Parcel[] = []
  for (let from = 0; from < count; ) {
    let to = Math.min(from + size, count)
    const start = lines.bytesBefore(from)
    while (to > from + 1 && lines.bytesBefore(to) - start > bytesMax) {
      to = from + Math.ceil((to - from) / 2)
    }
    parcels.push({ from, to })
    from = to
  }
  return parcels
}

/** Lines first, then the readings of a line; undefined when it is one reading. */
function halve(pieces: readonly Piece[], sheet: Sheet): Piece[][] | undefined {
  if (pieces.length > 1) {
    const middle = pieces.length >>> 1
    return [pieces.slice(0, middle), pieces.slice(middle)]
  }
  const slots = pieces[0]?.slots ?? []
  return slots.length > 1 ? slots.map((slot) => [pieceOf([slot], sheet)]) : undefined
}

function groupByHour(slots: readonly number[], sheet: Sheet): Map<number, number[]> {
  const hours = new Map<number, number[]>()
  for (const slot of slots) {
    const hour = Math.floor((sheet.readings[slot]?.observedAt ?? 0) / hourMs)
    const group = hours.get(hour)
    if (group === undefined) hours.set(hour, [slot])
    else group.push(slot)
  }
  return hours
}

/** As a line of its own. */
function writesField(sheet: Sheet, slot: number, field: string): boolean {
  const property = sheet.series[slot]?.property
  const kind = sheet.kinds[slot]
  if (field === property) return kind !== 'flags' && sheet.readings[slot]?.value !== null
  if (property === undefined || propertyOfField(field) !== property) return false
  return kind === 'whole' || !field.endsWith(fieldSuffixes.received)
}

const advice: Readonly<Record<string, string>> = {
  '401': ' Check BELLWETHER_INFLUX_TOKEN, or _USERNAME and _PASSWORD.',
  '403': ' The account may not write there.',
  '404': ' The database or bucket is missing: check BELLWETHER_INFLUX_BUCKET, or make it.',
}

function unavailable(outcome: { kind: 'wait' | 'alarm'; reason: string }): Fault {
  const { kind, reason } = outcome
  const what =
    kind === 'wait'
      ? `InfluxDB can not store now: ${reason}`
      : `InfluxDB refuses to store: ${reason}.${advice[reason.slice(0, 3)] ?? ''}`
  return new Fault('store_unavailable', what)
}
