/**
 * One Prometheus text from the metrics of every thread: each role answers on a channel, the role that is
 * scraped asks and adds up. A thread that does not answer in time is left out rather than waited for.
 */

import { BroadcastChannel } from 'node:worker_threads'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { Random, Timers } from '../domain/ports.ts'

type Question = { ask: string }
type Answer = { answer: string; metrics: unknown[] }

const answerWithinMs = 500

export interface MetricsExchange {
  /** The text of this thread's registry and of up to `others` further threads. */
  collect(others: number): Promise<string>
  close(): void
}

export function openMetricsExchange(
  name: string,
  registry: Registry,
  ports: { timers: Timers; random: Random },
): MetricsExchange {
  const channel = new BroadcastChannel(`bellwether-metrics:${name}`)
  channel.unref()
  const waiting = new Map<string, (metrics: unknown[]) => void>()
  channel.onmessage = (event) => {
    const message = (event as { data: Question | Answer }).data
    if ('answer' in message) waiting.get(message.answer)?.(message.metrics)
    else void answer(message.ask)
  }

  async function answer(question: string): Promise<void> {
    const metrics = await registry.getMetricsAsJSON()
    channel.postMessage({ answer: question, metrics } satisfies Answer)
  }

  async function ask(others: number): Promise<unknown[][]> {
    if (others === 0) return []
    const question = Buffer.from(ports.random.bytes(8)).toString('hex')
    const answers: unknown[][] = []
    await new Promise<void>((resolve) => {
      const cancel = ports.timers.after(answerWithinMs, resolve)
      waiting.set(question, (metrics) => {
        answers.push(metrics)
        if (answers.length < others) return
        cancel()
        resolve()
      })
      channel.postMessage({ ask: question } satisfies Question)
    })
    waiting.delete(question)
    return answers
  }

  return {
    async collect(others) {
      const answers = await ask(others)
      const own = await registry.getMetricsAsJSON()
      return AggregatorRegistry.aggregate([own, ...answers] as object[]).metrics()
    },
    close: () => channel.close(),
  }
}
