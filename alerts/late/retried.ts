/**
 * Readings that a retry from quarantine has stored: the journal does not bring them, so the ledger is asked. Rules on
 * their series take a second look at their time, as with readings that come late.
 */

import type { Reading } from '../../domain/reading.ts'
import type { AnsweredRetry } from '../../stores/records/ledger.ts'
import type { Evaluation } from '../evaluate.ts'
import { beginWatch, settle } from '../lifecycle/apply-observation.ts'
import type { Recorder } from '../recorder.ts'
import { dated } from '../slice.ts'
import type { Watch } from '../lifecycle/watch.ts'

export interface RetriedParts {
  /** Requests after this one that are answered; absent where there is no quarantine. */
  answered: ((after: number) => Promise<readonly AnsweredRetry[]>) | undefined
  evaluation: Pick<Evaluation, 'book' | 'rules' | 'histories' | 'indices' | 'looks'>
  recorder: Recorder
  /** The request up to which they were seen. */
  seen: number
  /** The ledger cannot be read; it is asked again. */
  onFault(): void
}

export class Retried {
  readonly #parts: RetriedParts
  #seen: number

  constructor(parts: RetriedParts) {
    this.#parts = parts
    this.#seen = parts.seen
  }

  /** Takes over what was stored since. Alerts do not wait for the ledger: what cannot be read is read next time. */
  async follow(): Promise<void> {
    const { answered, recorder, onFault } = this.#parts
    if (answered === undefined) return
    for (;;) {
      const found = await answered(this.#seen).catch(() => {
        onFault()
        return []
      })
      const last = found.at(-1)
      if (last === undefined) return
      const watches = new Set(
        found.flatMap(({ taken }) => taken.flatMap((one) => this.#take(dated(one)))),
      )
      this.#seen = last.request
      await recorder.retried(last.request, [...watches])
    }
  }

  #take(reading: Reading): Watch[] {
    const { book, rules, histories, indices, looks } = this.#parts.evaluation
    const { device, property, observedAt: at, receivedAt } = reading
    const series = rules.of(device, property, at)
    if (series.reachMs > 0) histories.forget(series)
    const site = series.rules.find(({ rule }) => rule.signal.type === 'index')?.site
    if (site !== undefined) indices?.take(reading, site)
    return series.rules.flatMap((rule) => {
      const { type } = rule.rule.signal
      if (type === 'silence' || type === 'index') return []
      const watch = book.get(rule.key) ?? beginWatch(book, rule, receivedAt)
      if (at <= settle(watch, rule, receivedAt).at) return []
      looks.mark(watch, { from: at, to: at, seq: 0 })
      return [watch]
    })
  }
}
