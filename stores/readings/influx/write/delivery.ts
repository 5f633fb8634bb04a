/**
 * Sends the lines of a batch, several requests at once, until each is stored or refused for good.
 *
 * A request that is too large is halved. One that holds what is refused is halved as well, newest readings first, down
 * to single readings, so that a poisoned one costs its neighbours nothing. When the answer names a field whose type
 * conflicts, its readings are taken out at once: InfluxDB judges types by shard, none of which begins or ends within an
 * hour, so the readings of that field within one hour share their fate.
 *
 * The search is bounded, so that no batch waits for it: what is not found out by then is set aside.
 */

import { Fault } from '../../../../domain/errors.ts'
import { fieldSuffixes, propertyOfField } from '../layout.ts'
import { type Lines, lineText } from './lines.ts'
import type { Outcome } from './outcome.ts'
import { inParallel } from '../../../../runtime/async/parallel.ts'
import type { Sheet } from './sheet.ts'

export interface Refusal {
  slot: number
  reason: string
  /** It may be good: the request that it was in was refused, and the search ended before its turn. */
  isUnsure: boolean
}

export interface DeliveryParts {
  write(lines: string): Promise<Outcome>
  /** Told of readings that are older than the database keeps. */
  onAged(readings: number, reason: string): void
  /** Requests that look for what is refused. */
  searchesMax: number
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
  { write, onAged, searchesMax }: DeliveryParts,
): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  let searches = 0

  async function send(text: string, pieces: () => readonly Piece[]): Promise<Outcome> {
    const outcome = await write(text)
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') throw unavailable(outcome)
    if (outcome.kind === 'aged') {
      onAged(readingsOf(newestFirst(pieces(), sheet), outcome.dropped), outcome.reason)
    }
    return outcome
  }

  async function sendPieces(pieces: readonly Piece[]): Promise<void> {
    if (pieces.length === 0) return
    const text = pieces.map((piece) => piece.text).join('\n')
    await salvage(pieces, await send(text, () => pieces))
  }

  /** As `sendPieces`, while the search may go on. */
  async function search(pieces: readonly Piece[], reason: string): Promise<void> {
    if (pieces.length > 0 && searches++ < searchesMax) await sendPieces(pieces)
    else for (const { slots } of pieces) refuse(slots, reason, true)
  }

  async function salvage(pieces: readonly Piece[], outcome: Outcome): Promise<void> {
    if (outcome.kind === 'halve') await halveAll(pieces, outcome.reason)
    if (outcome.kind !== 'bisect') return
    const { field, reason, dropped } = outcome
    const isAll = dropped >= pieces.length
    if (isAll && pieces.every(({ slots }) => slots.length === 1)) {
      for (const { slots } of pieces) refuse(slots, reason)
      return
    }
    if (field !== undefined && (await takeOut(field, pieces, reason))) return
    const parts = isAll ? [singles(pieces, sheet)] : halve(newestFirst(pieces, sheet), sheet)
    if (parts === undefined) for (const { slots } of pieces) refuse(slots, reason)
    else for (const part of parts) await search(part, reason)
  }

  /** What is too much at once may be good. */
  async function halveAll(pieces: readonly Piece[], reason: string): Promise<void> {
    const halves = halve(pieces, sheet)
    if (halves === undefined) for (const { slots } of pieces) refuse(slots, reason)
    else for (const half of halves) await sendPieces(half)
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
    await search(rest, reason)
    for (const [, slots] of [...hours].sort(([a], [b]) => b - a)) {
      await search(
        slots.map((slot) => pieceOf([slot], sheet)),
        reason,
      )
    }
    return true
  }

  function refuse(slots: readonly number[], reason: string, isUnsure = false): void {
    for (const slot of slots) refusals.push({ slot, reason, isUnsure })
  }

  await inParallel(parcelsOf(lines), requestsMax, async ({ from, to }) => {
    const pieces = () => piecesOf(lines, from, to)
    const outcome = await send(lines.textOf(from, to), pieces)
    if (outcome.kind === 'stored' || outcome.kind === 'aged') return
    await salvage(pieces(), outcome)
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

/** Each reading as a line of its own. */
function singles(pieces: readonly Piece[], sheet: Sheet): Piece[] {
  return pieces.flatMap(({ slots }) => slots.map((slot) => pieceOf([slot], sheet)))
}

/** What people look at now is found first, and what is refused for its age lies together. */
function newestFirst(pieces: readonly Piece[], sheet: Sheet): Piece[] {
  const timeOf = ({ slots }: Piece) => sheet.readings[slots[0] ?? 0]?.observedAt ?? 0
  return [...pieces].sort((a, b) => timeOf(b) - timeOf(a))
}

/** Of the oldest of these lines, which come last. */
function readingsOf(pieces: readonly Piece[], oldest: number): number {
  const from = Math.max(0, pieces.length - oldest)
  return pieces.slice(from).reduce((sum, { slots }) => sum + slots.length, 0)
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

function unavailable({ kind, reason }: Outcome & { kind: 'wait' | 'alarm' }): Fault {
  const what = kind === 'wait' ? 'cannot store now' : 'refuses to store'
  const step = /no space left/i.test(reason)
    ? ' Its disk is full: make room, stop Bellwether, restart InfluxDB twice, start Bellwether.'
    : ''
  return new Fault('store_unavailable', `InfluxDB ${what}: ${reason}${step}`)
}
