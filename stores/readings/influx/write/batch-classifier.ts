/**
 * Judges which readings of a batch are new and what has to be written of each, from memory alone; what memory cannot
 * tell becomes a question. Then, with the answers, the rest.
 *
 * It moves the mirror as it goes: when the batch does not make it, the mirror is thrown away and read again.
 */

import type { Reading } from '../../../../domain/reading.ts'
import type { Entry } from '../../log/recent-entries.ts'
import type { FoundPoint } from './lookup.ts'
import type { Mirror } from '../file/mirror.ts'
import type { Place } from './place.ts'
import type { Places } from './places.ts'
import { createRowTops } from './row-tops.ts'
import type { Series } from '../file/series-register.ts'
import { emptySheet, identityText, type Question, type Sheet, type SlotKind } from './sheet.ts'

export interface Judging {
  batch: readonly Reading[]
  revised: readonly Reading[]
  /** What is older is dropped as soon as it is stored. */
  keptFrom: number
  /** What is older InfluxDB drops, by a retention of its own; −∞ when none is known. */
  agedFrom: number
  /** Readings replace none that were received later (`Advance.late`). */
  late: boolean
}

export interface Judge {
  judge(judging: Judging): Sheet
  /** `pending`: identities that count as new whether InfluxDB has them or not. */
  settle(sheet: Sheet, found: ReadonlyMap<string, FoundPoint>, pending: ReadonlySet<string>): void
  clear(): void
}

export function createJudge(mirror: Mirror, places: Places): Judge {
  const { register, book, log } = mirror
  const rows = createRowTops(register, book)
  const entry: Entry = emptyEntry()

  function addSlot(sheet: Sheet, series: Series, place: Place, reading: Reading, kind: SlotKind) {
    sheet.readings.push(reading)
    sheet.series.push(series)
    sheet.places.push(place)
    sheet.kinds.push(kind)
    mirror.append(entry)
  }

  function ask(sheet: Sheet, about: Question['about'], series: Series, reading: Reading): void {
    sheet.questions.push({ about, series, reading, slot: sheet.readings.length })
  }

  /** A reading whose time lies where readings of the series are. */
  function addAgain(sheet: Sheet, series: Series, place: Place, reading: Reading): void {
    const known = log.find(series.id, entry.observedAt)
    const isNewest = entry.observedAt === book.lastOf(series.id)
    if (known >= 0 || isNewest) {
      const stands = known < 0 ? book.newestOf(series.id) : log.at(known)
      replace(sheet, series, reading, { place, stands, known })
    } else if (isWholeIn(series)) {
      sheet.stored++
      addSlot(sheet, series, place, reading, 'whole')
    } else {
      ask(sheet, 'identity', series, reading)
    }
  }

  function replace(
    sheet: Sheet,
    series: Series,
    reading: Reading,
    { place, stands, known }: { place: Place; stands: Entry; known: number },
  ): void {
    sheet.duplicate++
    if (sheet.late && stands.receivedAt > entry.receivedAt) return
    if (known >= sheet.start) {
      replaceSlot(sheet, known, reading)
      return
    }
    if (isElsewhere(entry, place)) ask(sheet, 'place', series, reading)
    addSlot(sheet, series, place, reading, 'whole')
  }

  /** All its readings are in the log, so what is not found there is not stored. */
  function isWholeIn(series: Series): boolean {
    return book.bornAt(series.id) >= log.base
  }

  function replaceSlot(sheet: Sheet, ordinal: number, reading: Reading): void {
    log.replace(ordinal, entry)
    book.add(entry, ordinal)
    sheet.readings[ordinal - sheet.start] = reading
  }

  function addAll(sheet: Sheet, { batch, keptFrom, agedFrom }: Judging): void {
    let place: Place | undefined
    let time = Number.NaN
    const sentFrom = Math.max(keptFrom, agedFrom)
    for (const reading of batch) {
      if (reading.observedAt < sentFrom) {
        sheet.stored++
        if (reading.observedAt >= keptFrom) sheet.aged++
        continue
      }
      if (place === undefined || place.device !== reading.device) {
        place = places.visit(reading.device, reading.observedAt)
        time = Number.NaN
      } else if (reading.observedAt < place.from || reading.observedAt >= place.until) {
        place = places.visit(reading.device, reading.observedAt)
      }
      if (reading.observedAt !== time) {
        time = reading.observedAt
        rows.nextRun()
      }
      const series = seriesOf(sheet, reading)
      fill(entry, series.id, reading)
      if (book.standingOf(series.id, entry.observedAt) === 'new') {
        sheet.stored++
        const kind = rows.isFresh(series.row, entry.observedAt) ? 'fresh' : 'whole'
        addSlot(sheet, series, place, reading, kind)
      } else {
        addAgain(sheet, series, place, reading)
      }
    }
  }

  function seriesOf(sheet: Sheet, { device, property }: Reading): Series {
    const known = register.find(device, property)
    if (known !== undefined) return known
    const added = register.add(register.last + 1, device, property)
    sheet.added.push(added)
    return added
  }

  function reviseAll(sheet: Sheet, { revised, keptFrom, agedFrom }: Judging): void {
    const sentFrom = Math.max(keptFrom, agedFrom)
    for (const reading of revised) {
      const series = register.find(reading.device, reading.property)
      if (series === undefined || reading.observedAt < sentFrom) continue
      const known = log.find(series.id, reading.observedAt)
      if (known >= 0) {
        revise(sheet, series, reading, { stands: log.at(known), known })
        continue
      }
      const standing = book.standingOf(series.id, reading.observedAt)
      if (standing === 'newest') {
        revise(sheet, series, reading, { stands: book.newestOf(series.id), known })
      } else if (standing === 'unsure' && !isWholeIn(series)) {
        ask(sheet, 'revision', series, reading)
      }
    }
  }

  /** Takes the flags over if the reading stands as they were judged by. */
  function revise(
    sheet: Sheet,
    series: Series,
    reading: Reading,
    { stands, known }: { stands: Entry; known: number },
  ): void {
    fill(entry, series.id, reading)
    if (stands.receivedAt !== entry.receivedAt || !Object.is(stands.value, entry.value)) return
    if (stands.quality === entry.quality && stands.tests === entry.tests) return
    sheet.revised++
    if (known >= sheet.start) {
      replaceSlot(sheet, known, reading)
      return
    }
    const place = places.visit(reading.device, reading.observedAt)
    if (isElsewhere(entry, place)) ask(sheet, 'place', series, reading)
    addSlot(sheet, series, place, reading, 'flags')
  }

  /** A reading of the batch that memory could not tell of. */
  function settleIdentity(
    sheet: Sheet,
    question: Question,
    { point, isPending }: { point: FoundPoint | undefined; isPending: boolean },
  ): void {
    const { series, reading } = question
    const place = places.visit(reading.device, reading.observedAt)
    fill(entry, series.id, reading)
    // An earlier one of this batch was settled meanwhile.
    if (log.find(series.id, entry.observedAt) >= 0) {
      addAgain(sheet, series, place, reading)
      return
    }
    if (point === undefined || isPending) {
      sheet.stored++
      sheet.foundNew.push(question)
    } else {
      sheet.duplicate++
      if (sheet.late && point.entry.receivedAt > entry.receivedAt) return
    }
    stayAt(sheet, sheet.readings.length, place, point)
    addSlot(sheet, series, place, reading, 'whole')
  }

  function settleRevision(
    sheet: Sheet,
    { series, reading }: Question,
    point: FoundPoint | undefined,
  ): void {
    // It may be of this batch, and have been settled meanwhile.
    const known = log.find(series.id, reading.observedAt)
    const stands = known < 0 ? point?.entry : log.at(known)
    if (stands === undefined) return
    const slot = sheet.readings.length
    revise(sheet, series, reading, { stands, known })
    if (sheet.readings.length > slot) stayAt(sheet, slot, sheet.places[slot], point)
  }

  return {
    judge(judging) {
      const sheet = emptySheet(log.next, judging.late)
      addAll(sheet, judging)
      reviseAll(sheet, judging)
      return sheet
    },
    settle(sheet, found, pending) {
      for (const question of [...sheet.questions]) {
        const { about, reading, slot } = question
        const name = identityText(reading.device, reading.property, reading.observedAt)
        const point = found.get(name)
        if (about === 'identity') {
          settleIdentity(sheet, question, { point, isPending: pending.has(name) })
        } else if (about === 'place') {
          stayAt(sheet, slot, sheet.places[slot], point)
        } else {
          settleRevision(sheet, question, point)
        }
      }
    },
    clear: () => rows.clear(),
  }
}

/** A slot keeps the tags that its point stands under. */
function stayAt(
  sheet: Sheet,
  slot: number,
  now: Place | undefined,
  point: FoundPoint | undefined,
): void {
  if (point !== undefined && point.place.tags !== now?.tags) sheet.oldPlaces.set(slot, point.place)
}

/** It may have been written before its device moved. */
function isElsewhere({ observedAt }: Entry, { moved }: Place): boolean {
  return observedAt <= moved
}

function emptyEntry(): Entry {
  return { series: 0, observedAt: 0, receivedAt: 0, value: 0, quality: 0, tests: 0 }
}

function fill(entry: Entry, series: number, reading: Reading): void {
  entry.series = series
  // Adding zero turns −0 into 0: they are the same moment.
  entry.observedAt = reading.observedAt + 0
  entry.receivedAt = reading.receivedAt + 0
  entry.value = reading.value ?? Number.NaN
  entry.quality = reading.quality
  entry.tests = reading.tests ?? 0
}
