/** received = stored + duplicate + quarantined + in flight, whatever is sent and wherever it stops. */

import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { anyMessage, validMessage } from '../payload/decoders/json-forms.ts'
import { createPlant, type Plant } from './plant.ts'

let plant: Plant | undefined
afterEach(() => plant?.close())

const message = fc.oneof(
  anyMessage,
  validMessage.map(({ kind, text }) => ({ kind, payload: Buffer.from(text) as Uint8Array })),
  fc
    .constantFrom(
      '{"pm25":1,"pm25":2,"pm10":3}',
      '{"values":{"pm25":1,"no":NaN}}',
      '[{"pm25":1},{"pm25":2},7]',
      '{"ts":"yesterday","pm25":1,"pm10":2}',
      `{"pm25":${'['.repeat(20)}1,"pm10":2}`,
      '{"pm25":1,"pm10":2,"o3":3,}',
    )
    .map((text) => ({ kind: 'telemetry' as const, payload: Buffer.from(text) as Uint8Array })),
)
const sender = fc.constantFrom('air-1', 'gw-1', 'nobody')

test('the balance holds, and refusals by code make up what is quarantined, after each batch, after each crash, and at the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(message, sender, fc.boolean()), { minLength: 1, maxLength: 25 }),
      async (story) => {
        const here = await createPlant([
          { id: 'air-1' },
          { id: 'gw-1' },
          { id: 'child-1', gateway: 'gw-1' },
        ])
        plant = here
        const broken: unknown[] = []
        const check = async () => {
          const { received, settled, inFlight } = await here.balance()
          if (received !== settled) broken.push({ received, settled })
          if (received + inFlight !== here.announced)
            broken.push({ received, inFlight, announced: here.announced })
        }
        here.start(undefined, 3)
        for (const [{ kind, payload }, device, crash] of story) {
          await here.send(kind, payload, { device })
          await check()
          if (!crash) continue
          await here.crash()
          await check()
          here.start(undefined, 3)
        }
        await here.settled()
        await check()
        const { inFlight, received } = await here.balance()
        expect(inFlight).toBe(0)
        expect(received).toBe(here.announced)
        expect(broken).toEqual([])
        const byCode = await here.stores.ledger.counts()
        const refused = [...byCode.values()].reduce((sum, count) => sum + count, 0)
        expect(refused).toBe((await here.reader.progress()).quarantined)
        await here.close()
        plant = undefined
      },
    ),
    { numRuns: 15 },
  )
})
