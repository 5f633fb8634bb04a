/**
 * Second looks that are due: kept with their watches, so that none is lost in a crash, and tried again until the
 * readings store can answer and has come as far as what is to be looked at. They are prepared beside the stream, which
 * never waits for one, and concluded in it, so that nothing is recorded of the same alert at the same time.
 */

import type { AlertView } from '../../domain/alert.ts'
import type { Clock } from '../../domain/ports.ts'
import { type Account, compare } from './comparison.ts'
import type { Past } from '../windows/window-buffers.ts'
import { lateNews } from './late-changes.ts'
import { isQuiet } from '../lifecycle/lifecycle.ts'
import type { AlertMeters } from '../meters.ts'
import type { CircuitBreaker } from '../../runtime/async/circuit-breaker.ts'
import type { Recorder } from '../recorder.ts'
import type { RuleLookup } from '../rules/rule-lookup.ts'
import { advance, type Look, type LookParts, lookAgain, standing } from './second-look.ts'
import type { Redo, Watch, WatchBook } from '../lifecycle/watch.ts'
import { watchKey } from '../lifecycle/watch.ts'

/**
 * A watch whose observations are kept from now on: what came before is looked at when the readings store has come as
 * far as this position of the journal.
 */
interface Held {
  watch: Watch
  redo: Redo | undefined
  lastAt: number
  seq: number
}

const looksAtOnce = 16
const askEveryMs = 50

export interface SecondLooksParts extends Omit<LookParts, 'past'> {
  /** Without it there is nothing to look at. */
  past: Past | undefined
  guard: CircuitBreaker
  book: WatchBook
  rules: RuleLookup
  recorder: Recorder
  meters: AlertMeters
  clock: Clock
  /** What was prepared can be concluded. */
  onReady(): void
}

export class SecondLooks {
  readonly #parts: SecondLooksParts
  readonly #marked = new Set<Watch>()
  /** Rising in position. */
  readonly #held = new Map<Watch, Held>()
  readonly #inWork = new Set<Watch>()
  #ready: Look[] = []
  #isRunning = false
  #storedSeq = -1
  #askAt = Number.NEGATIVE_INFINITY

  /** `head`: the last position of the journal; nothing behind it has to be waited for. */
  constructor(parts: SecondLooksParts, head: number) {
    this.#parts = parts
    for (const watch of parts.book.all()) {
      if (watch.redo === undefined) continue
      watch.redo = { ...watch.redo, seq: Math.min(watch.redo.seq, head) }
      this.#marked.add(watch)
    }
  }

  /** Readings in this stretch of time were late, or took the place of others. */
  mark(watch: Watch, { from, to, seq }: Redo): void {
    if (this.#parts.past === undefined) return
    const known = watch.redo ?? { from, to, seq }
    watch.redo = {
      from: Math.min(known.from, from),
      to: Math.max(known.to, to),
      seq: Math.max(known.seq, seq),
    }
    this.#parts.book.touch(watch, false)
    if (!this.#held.has(watch) && !this.#inWork.has(watch)) this.#marked.add(watch)
  }

  get pending(): number {
    return this.#marked.size + this.#held.size + this.#inWork.size
  }

  /** Concludes what is prepared and sees to it that more is. Call it when all found up to `position` is recorded. */
  async settle(position: number): Promise<void> {
    for (let look = this.#ready[0]; look !== undefined; look = this.#ready[0]) {
      await this.#conclude(look)
      this.#ready.shift()
    }
    for (const watch of this.#marked) {
      watch.meanwhile = []
      const { redo } = watch
      const seq = Math.max(position, redo?.seq ?? 0)
      this.#held.set(watch, { watch, redo, lastAt: watch.life.at, seq })
    }
    this.#marked.clear()
    this.#prepare()
  }

  #prepare(): void {
    const { past, guard, clock } = this.#parts
    if (past === undefined || this.#isRunning || this.#held.size === 0 || !guard.isPassing) return
    const chosen = this.#choose()
    if (chosen.length > 0) {
      const looks: Look[] = []
      void this.#run(
        () => this.#lookAt(chosen, past, looks),
        (isDone) => this.#prepared(chosen, isDone ? looks : null),
      )
    } else if (clock.monotonic() >= this.#askAt) {
      this.#askAt = clock.monotonic() + askEveryMs
      const ask = async () => {
        this.#storedSeq = (await past.progress()).seq
      }
      void this.#run(ask, () => undefined)
    }
  }

  #choose(): Held[] {
    const chosen: Held[] = []
    for (const held of this.#held.values()) {
      if (held.seq > this.#storedSeq || chosen.length >= looksAtOnce) break
      this.#held.delete(held.watch)
      // Too much has come since: it begins anew.
      if (held.watch.meanwhile === undefined) this.#marked.add(held.watch)
      else chosen.push(held)
    }
    for (const { watch } of chosen) this.#inWork.add(watch)
    return chosen
  }

  async #run(work: () => Promise<void>, after: (isDone: boolean) => void): Promise<void> {
    this.#isRunning = true
    const isDone = await this.#parts.guard.ask(work)
    this.#isRunning = false
    after(isDone)
    if (isDone) this.#parts.onReady()
  }

  async #lookAt(chosen: readonly Held[], past: Past, to: Look[]): Promise<void> {
    const { rules } = this.#parts
    for (const { watch, lastAt } of chosen) {
      const series = rules.one(watch.rule, watch.device, watch.property)
      if (series === undefined || series.criteria.terms !== watch.ground?.terms) continue
      const look = await lookAgain({ ...this.#parts, past }, series, { watch, lastAt })
      if (look !== null) to.push(look)
    }
  }

  /** Those that gave nothing are of a time that stands as it is; those that could not be done come again. */
  #prepared(chosen: readonly Held[], looks: Look[] | null): void {
    if (looks === null) {
      for (const { watch } of chosen) {
        delete watch.meanwhile
        this.#inWork.delete(watch)
        this.#marked.add(watch)
      }
      return
    }
    this.#ready = looks
    const found = new Set(looks.map(({ watch }) => watch))
    for (const held of chosen) if (!found.has(held.watch)) this.#leave(held)
  }

  #leave({ watch, redo }: Held): void {
    this.#end(watch, redo)
    if (this.#parts.book.get(watchKey(watch)) === watch) this.#parts.book.touch(watch, false)
  }

  /** What came late while it was looked at is looked at next. */
  #end(watch: Watch, redo: Redo | null | undefined): void {
    this.#inWork.delete(watch)
    delete watch.meanwhile
    if (watch.redo === redo) delete watch.redo
    if (watch.redo !== undefined) this.#marked.add(watch)
  }

  async #conclude(look: Look): Promise<void> {
    const { book, recorder, meters, clock } = this.#parts
    const { watch, series, timeline, redo, rightAgainAt, happened } = look
    const isSame = watch.ground === look.ground && book.get(watchKey(watch)) === watch
    if (!isSame || watch.meanwhile === undefined) return this.#end(watch, isSame ? null : redo)
    if (rightAgainAt === null) for (const seen of watch.meanwhile) advance(look, seen)
    const { accounts, views } = await this.#accountsOf(look)
    const news = lateNews({ series, watch, views, learnedAt: clock.now() }, accounts)
    this.#end(watch, redo)
    if (rightAgainAt === null) {
      watch.life = timeline.life
      watch.value = timeline.value
      watch.alert = news.open
      watch.stale = watch.stale && news.open !== null
      watch.calmSince = look.calmSince
    } else if (watch.calmSince !== null && !(isQuiet(timeline.life) && happened.length === 0)) {
      watch.calmSince = Math.max(watch.calmSince, rightAgainAt)
    }
    book.touch(watch, false)
    await recorder.revise(watch, news)
    meters.lookedAgain(news.revision.alerts.length > 0)
  }

  async #accountsOf(look: Look): Promise<{ accounts: Account[]; views: Map<string, AlertView> }> {
    const { log } = this.#parts
    const { watch, series, happened, open, from, rightAgainAt } = look
    const until = rightAgainAt ?? Number.POSITIVE_INFINITY
    const recorded = standing(await log.levels(watch, from), from)
    const accounts = compare({
      open,
      happened: happened.filter(({ at }) => Math.floor(at) > Math.floor(from)),
      recorded: recorded.filter(({ observedAt }) => observedAt <= until),
      byValue: series.rule.signal.type === 'value',
    })
    const views = new Map<string, AlertView>()
    for (const { alert } of accounts) {
      const view = alert === null ? undefined : await log.get(alert)
      if (view !== undefined) views.set(view.id, view)
    }
    return { accounts, views }
  }
}
