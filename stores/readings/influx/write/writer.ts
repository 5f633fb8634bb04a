/**
 * The one writer of readings to InfluxDB.
 *
 * InfluxDB has no transactions, so position and counts live in `influx.db`: a batch is judged against what is known
 * there (and in InfluxDB, for what lies between known readings), sent, and then its entries, the counts and the
 * position are committed together. Whatever ends in between, the same batch comes again, is judged the same and sent
 * again, which changes nothing in InfluxDB.
 */

import type { Reading } from '../../../../domain/reading.ts'
import type { Advance, RefusedReading, WriteResult } from '../../readings.ts'
import { checkNumbers, isStorable, unstorableReason } from './acceptance.ts'
import { createConnection } from '../http/connection.ts'
import { deliver } from './delivery.ts'
import { FullDisk } from './full-disk.ts'
import { createJudge } from './batch-classifier.ts'
import { createLineMaker } from './lines.ts'
import { lookUp } from './lookup.ts'
import { createWriterNotes } from './notes.ts'
import {
  type InfluxReadingsWriter,
  type InfluxWriterOptions,
  logLimits,
  searchesDefault,
} from '../options.ts'
import { openProgressFile } from '../file/progress-file.ts'
import { findSeries } from '../file/recovery.ts'
import { createRetagging } from './retagging.ts'
import { createRollUps } from '../roll-ups/roll-ups.ts'
import { createServer } from '../http/server.ts'
import { identityText, type Sheet } from './sheet.ts'
import { createSerialQueue } from '../../../../runtime/async/serial-queue.ts'
import { createWrittenSitesSearch } from '../query/written-sites.ts'

export function openWriter(options: InfluxWriterOptions): InfluxReadingsWriter {
  const file = openProgressFile(options.path, options, { ...logLimits, ...options.limits })
  const connection = createConnection(options)
  const server = createServer(connection, options)
  const notes = createWriterNotes(options)
  const judge = createJudge(file.mirror, file.places)
  const lineMaker = createLineMaker()
  const zoneOf = options.zoneOf ?? (() => 'UTC')
  const { clock, log } = options.ports
  const rollUps = createRollUps({ connection, file, zoneOf, clock, log })
  const retagging = createRetagging({ connection, file, log })
  const { ports } = options
  const writtenSites = createWrittenSitesSearch({ connection, file, options, ports })
  const fullDisk = new FullDisk({ file, connection, options })
  const queue = createSerialQueue()
  let isBegun = false
  /** A try that failed, perhaps before we were started, may have left something in InfluxDB. */
  let mayBeHalfOut = true

  async function judged(batch: readonly Reading[], { late, revised }: Order): Promise<Sheet> {
    const { keptFrom } = file.state()
    const agedFrom = await server.keptFrom()
    const sheet = judge.judge({ batch, revised, keptFrom, agedFrom, late })
    if (sheet.questions.length === 0) return sheet
    const found = await lookUp(connection, sheet.questions)
    judge.settle(sheet, found, file.pending.names)
    return sheet
  }

  function forget(): void {
    file.forget()
    judge.clear()
  }

  /** Returns the readings that are refused or set aside. */
  async function send(sheet: Sheet): Promise<RefusedReading[]> {
    file.prepare(sheet)
    const lines = lineMaker.make(sheet, mayBeHalfOut)
    fullDisk.keep(lines)
    const { searchesMax = searchesDefault } = options
    const { write } = connection
    const refusals = await deliver(sheet, lines, { write, onAged: notes.aged, searchesMax })
    fullDisk.taken(sheet, refusals)
    return refusals.flatMap(({ slot, ...rest }) => {
      const reading = sheet.readings[slot]
      return reading === undefined ? [] : [{ reading, ...rest }]
    })
  }

  async function store(batch: readonly Reading[], order: Order): Promise<Sheet> {
    await server.ready()
    if (!isBegun) {
      if (!file.isBegun()) file.begin(await findSeries(connection, options.ports))
      isBegun = true
    }
    await fullDisk.settle(await server.keptFrom())
    const storable = batch.filter(isStorable)
    let refused = batch.length - storable.length
    if (refused > 0) {
      await notes.refused(batch.filter((one) => !isStorable(one)).map(unstorable))
    }
    let sheet = await judged(storable, order)
    const poisoned = sheet.readings.length === 0 ? [] : await send(sheet)
    if (poisoned.length > 0) {
      await notes.refused(poisoned)
      const isGood = leaves(poisoned)
      forget()
      const good = storable.filter(isGood)
      refused += storable.length - good.length
      sheet = await judged(good, { ...order, revised: order.revised.filter(isGood) })
    }
    file.commit(sheet, order.advance, refused)
    notes.aged(sheet.aged, 'older than the database keeps')
    mayBeHalfOut = false
    file.places.hold(false)
    return sheet
  }

  /** One at a time; after a failure memory is read anew, and the database is looked for again. */
  function attempt<Result>(run: () => Promise<Result> | Result): Promise<Result> {
    return queue.run(async () => {
      try {
        return await run()
      } catch (error) {
        forget()
        mayBeHalfOut = true
        file.places.hold(true)
        server.doubt()
        await fullDisk.failed(error)
        throw error
      }
    })
  }

  return {
    progress: () => file.progress(),
    async write(batch, advance): Promise<WriteResult> {
      if (batch.length === 0 && advance === undefined) return { stored: 0, duplicate: 0 }
      const { revised = [], late = false } = advance ?? {}
      checkNumbers(batch)
      checkNumbers(revised)
      const { stored, duplicate } = await attempt(() => store(batch, { advance, revised, late }))
      return { stored, duplicate }
    },
    async revise(batch) {
      if (batch.length === 0) return 0
      checkNumbers(batch)
      const { revised } = await attempt(() =>
        store([], { advance: undefined, revised: batch, late: false }),
      )
      return revised
    },
    adopt: (progress) => queue.run(async () => file.adopt(progress)),
    async tidy(now) {
      await attempt(() => file.tidy(now, options.keepDays))
      if (fullDisk.isDoubted) {
        await attempt(async () => {
          await server.ready()
          await fullDisk.settle(await server.keptFrom())
        })
        if (fullDisk.isRewriting) return true
      }
      const isDraining = file.state().ahead !== undefined
      if (!isDraining && (await attempt(() => retagging.step()))) return true
      // What these two ask for changes nothing that memory holds.
      return queue.run(async () => {
        await server.keep(now)
        if (!isDraining && (await writtenSites.step())) return true
        // Each batch of a backlog touches the same hours again, and the database has enough to do.
        return isDraining ? false : rollUps.step(now)
      })
    },
    interrupt: () => connection.close(),
    async close() {
      connection.close()
      await queue.idle()
      file.close()
    },
  }
}

/** What comes with a batch. */
interface Order {
  advance: Advance | undefined
  revised: readonly Reading[]
  late: boolean
}

function unstorable(reading: Reading): RefusedReading {
  return { reading, reason: unstorableReason, isUnsure: false }
}

/**
 * What the poisoned leave of a batch. A reading stands for its identity: of several in one batch only the last was
 * sent, so all of them go.
 */
function leaves(poisoned: readonly RefusedReading[]): (reading: Reading) => boolean {
  const names = new Set(poisoned.map(({ reading }) => nameOf(reading)))
  return (reading) => !names.has(nameOf(reading))
}

function nameOf({ device, property, observedAt }: Reading): string {
  return identityText(device, property, observedAt)
}
