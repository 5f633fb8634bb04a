/**
 * Whatever outages and crashes come, in whatever order: each uplink is stored once, the balance holds at any moment,
 * live uplinks wait for one batch of the backlog at most, and the journal keeps what is not settled.
 */

import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { Advance } from '../../stores/readings/readings.ts'
import { createPlant, type Plant, type Stores } from './plant.ts'

let plant: Plant | undefined
afterEach(() => plant?.close())

const batchMax = 6
const second = 1_000
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** What a write does: nothing and fails, succeeds and its answer is lost, or succeeds. */
type Fate = 'away' | 'answer lost' | 'there'

interface Sending {
  messages: number
  apartSeconds: number
}

type Step =
  | ({ do: 'send' } & Sending)
  | { do: 'store'; fate: Fate }
  | { do: 'crash' }
  | { do: 'trim' }
  | { do: 'wait'; ms: number }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      messages: fc.integer({ min: 1, max: 30 }),
      apartSeconds: fc.constantFrom(0, 1, 7),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      fate: fc.constantFrom<Fate[]>('away', 'away', 'answer lost', 'there', 'there'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'trim' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 10, 40, 120),
    }),
  },
)

/** One run of a story. */
async function tell(
  here: Plant,
  steps: readonly Step[],
): Promise<{ sent: number; broken: unknown[] }> {
  const broken: unknown[] = []
  let fate: Fate = 'there'
  let sent = 0
  /** Of the last write, if it was of the backlog: where the journal ended when it was done. */
  let headAfterBacklog: number | undefined

  function checkTurn({ late, ahead }: Advance): void {
    if (late && headAfterBacklog !== undefined && ahead && headAfterBacklog > ahead.to) {
      broken.push({ waited: 'two batches of the backlog', headAfterBacklog, ahead })
    }
  }

  const stores = ({ readings }: Stores): Partial<Stores> => ({
    readings: {
      ...readings,
      async write(batch, advance) {
        if (fate === 'away') {
          headAfterBacklog = undefined
          throw new Error('The database is away.')
        }
        if (advance !== undefined) checkTurn(advance)
        const result = await readings.write(batch, advance)
        // Devices do not wait for a backlog to be drained.
        if (advance?.late && sent % 2 === 0) await send({ messages: 1, apartSeconds: 1 })
        headAfterBacklog = advance?.late && fate === 'there' ? here.head : undefined
        if (fate === 'answer lost') throw new Error('The answer is lost.')
        return result
      },
    },
  })

  async function check(): Promise<void> {
    const { received, settled, inFlight } = await here.balance()
    if (received !== settled) broken.push({ received, settled })
    if (received + inFlight !== here.announced) {
      broken.push({ received, inFlight, announced: here.announced })
    }
  }

  async function send({ messages, apartSeconds }: Sending): Promise<void> {
    for (let i = 0; i < messages; i++) {
      here.now += apartSeconds * second
      sent++
      // Every reading is an identity of its own, also while the clock stands.
      const [device, round] = [`d-${sent % devices}`, Math.floor(sent / devices)]
      const values = { ts: here.now - round, pm25: sent % 90 }
      await here.send('telemetry', values, { device, receivedAt: here.now })
      await check()
    }
  }

  here.start(stores, batchMax)
  for (const step of steps) {
    if (step.do === 'send') await send(step)
    else if (step.do === 'store') fate = step.fate
    else if (step.do === 'wait') await wait(step.ms)
    else if (step.do === 'trim') here.trim((await here.reader.progress()).seq)
    else {
      await here.crash()
      headAfterBacklog = undefined
      here.start(stores, batchMax)
    }
    await check()
  }
  fate = 'there'
  await here.settled()
  await check()
  return { sent, broken }
}

const devices = 97

test('each uplink is stored once, live ones first, whatever happens to the store and to ingest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 22 }), async (steps) => {
      const here = await createPlant(Array.from({ length: devices }, (_, i) => ({ id: `d-${i}` })))
      plant = here
      const { sent, broken } = await tell(here, steps)
      expect(broken).toEqual([])
      expect(await here.reader.progress()).toEqual({
        ...{ seq: here.head, received: sent, stored: sent, duplicate: 0, quarantined: 0 },
      })
      expect((await here.stored()).length).toBe(sent)
      await here.close()
      plant = undefined
    }),
    { numRuns: 25 },
  )
}, 120_000)
