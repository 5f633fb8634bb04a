/**
 * Second looks that are due: kept with their watches, so that none is lost in a crash, and tried again until the
 * readings store can answer and has come as far as what is to be looked at. They are prepared beside the stream, which
 * never waits for one, and concluded in it, so that nothing is recorded of the same alert at the same time.
 */

import type { AlertView } from '../domain/alert.ts'
import type { Clock } from '../domain/ports.ts'
import { compare } from './comparison.ts'
import type { Past } from './histories.ts'
import { lateNews } from './late-changes.ts'
import { isQuiet } from './lifecycle.ts'
import type { AlertMeters } from './meters.ts'
import type { PastGuard } from './past-guard.ts'
import type { Recorder } from './recorder.ts'
import type { RuleLookup } from './rule-lookup.ts'
import { advance, type Look, type LookParts, lookAgain, standing } from './second-look.ts'
import type { Redo, Watch, WatchBook } from './watch.ts'
import { watchKey } from './watch.ts'

interface Chosen {
  watch: Watch
  /** Of its last observation when it was chosen; what comes after is kept with it. */
  lastAt: number
}

const looksAtOnce = 16
const askEveryMs = 50

export interface SecondLooksParts extends Omit<LookParts, 'past'> {
  /** Without it there is nothing to look at. */
  past: Past | undefined
  guard: PastGuard
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
  readonly #due = new Set<Watch>()
  #ready: Look[] = []
  #isRunning = false
  #inWork = 0
  #storedSeq = -1
  #askAt = Number.NEGATIVE_INFINITY

  /** `head`: the last position of the journal; nothing behind it has to be waited for. */
  constructor(parts: SecondLooksParts, head: number) {
    this.#parts = parts
    for (const watch of parts.book.all()) {
      if (watch.redo === undefined) continue
      watch.redo = { ...watch.redo, seq: Math.min(watch.redo.seq, head) }
      this.#due.add(watch)
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
    this.#due.add(watch)
    this.#parts.book.touch(watch, false)
  }

  get pending(): number {
    return this.#due.size + this.#inWork
  }

  /** Concludes what is prepared and sees to it that more is. Call it when all that was found is recorded. */
  async settle(): Promise<void> {
    const ready = this.#ready
    this.#ready = []
    for (const look of ready) {
      await this.#conclude(look)
      this.#inWork -= 1
    }
    this.#prepare()
  }

  /** What is chosen here has all that was found of it on record, and nothing of it is in work. */
  #prepare(): void {
    const { past, guard, clock } = this.#parts
    if (past === undefined || this.#isRunning || this.#due.size === 0 || !guard.isOpen) return
    const chosen = this.#choose()
    if (chosen.length > 0) {
      const looks: Look[] = []
      this.#run(() => this.#lookAt(chosen, past, looks)).then((isDone) =>
        this.#prepared(chosen, isDone ? looks : null),
      )
    } else if (clock.monotonic() >= this.#askAt) {
      this.#askAt = clock.monotonic() + askEveryMs
      void this.#run(async () => {
        this.#storedSeq = (await past.progress()).seq
      })
    }
  }

  #choose(): Chosen[] {
    const chosen: Chosen[] = []
    for (const watch of this.#due) {
      if ((watch.redo?.seq ?? 0) > this.#storedSeq) continue
      watch.meanwhile = []
      chosen.push({ watch, lastAt: watch.life.at })
      if (chosen.length >= looksAtOnce) break
    }
    for (const { watch } of chosen) this.#due.delete(watch)
    this.#inWork = chosen.length
    return chosen
  }

  async #run(work: () => Promise<void>): Promise<boolean> {
    this.#isRunning = true
    const isDone = await this.#parts.guard.ask(work)
    this.#isRunning = false
    if (isDone) this.#parts.onReady()
    return isDone
  }

  async #lookAt(chosen: readonly Chosen[], past: Past, to: Look[]): Promise<void> {
    const { rules } = this.#parts
    for (const { watch, lastAt } of chosen) {
      const series = rules.one(watch.rule, watch.device, watch.property)
      if (series === undefined || series.criteria.terms !== watch.ground?.terms) continue
      const look = await lookAgain({ ...this.#parts, past }, series, { watch, lastAt })
      if (look !== null) to.push(look)
    }
  }

  /** Those that gave nothing are of a time that stands as it is; those that could not be done come again. */
  #prepared(chosen: readonly Chosen[], looks: Look[] | null): void {
    if (looks === null) {
      for (const { watch } of chosen) {
        delete watch.meanwhile
        this.#due.add(watch)
      }
      this.#inWork = 0
      return
    }
    this.#inWork = looks.length
    this.#ready = looks
    const found = new Set(looks.map(({ watch }) => watch))
    for (const { watch } of chosen) if (!found.has(watch)) this.#leave(watch)
  }

  #leave(watch: Watch): void {
    delete watch.redo
    delete watch.meanwhile
    if (this.#parts.book.get(watchKey(watch)) === watch) this.#parts.book.touch(watch, false)
  }

  async #conclude(look: Look): Promise<void> {
    const { book, log, recorder, meters, clock } = this.#parts
    const { watch, series, timeline, rightAgainAt, happened } = look
    const meanwhile = watch.meanwhile ?? []
    delete watch.meanwhile
    if (watch.redo === look.redo) delete watch.redo
    else if (watch.redo !== undefined) this.#due.add(watch)
    if (watch.ground !== look.ground || book.get(watchKey(watch)) !== watch) return
    if (rightAgainAt === null) for (const seen of meanwhile) advance(look, seen)

    const until = rightAgainAt ?? Number.POSITIVE_INFINITY
    const recorded = standing(await log.levels(watch, look.from), look.from)
    const accounts = compare({
      open: look.open,
      happened: happened.filter(({ at }) => Math.floor(at) > Math.floor(look.from)),
      recorded: recorded.filter(({ observedAt }) => observedAt <= until),
      byValue: series.rule.signal.type === 'value',
    })
    const views = new Map<string, AlertView>()
    for (const { alert } of accounts) {
      const view = alert === null ? undefined : await log.get(alert)
      if (view !== undefined) views.set(view.id, view)
    }
    const learnedAt = clock.now()
    const news = lateNews({ series, watch, views, learnedAt }, accounts)
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
}
