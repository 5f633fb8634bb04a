/**
 * Writes the batches of `ledger-model.ts` to InfluxDB until it is killed, or all are stored; run by crash.test.ts.
 *
 *   node --import tsx writer-process.ts URL BUCKET PATH LAST [TOKEN ORG]
 */

import { openInfluxWriter } from '../../../stores/readings/influx.ts'
import { systemTimers } from '../../../runtime/system.ts'
import { fakePorts } from '../../fixtures/ports.ts'
import { batchAt } from './ledger-model.ts'

const [url = '', bucket = '', path = '', last = '0', token, org] = process.argv.slice(2)
const writer = openInfluxWriter({
  ...{ url, bucket, path, token, org, keepDays: 0, timeoutMs: 2_000 },
  placeOf: () => ({ site: 's', district: null }),
  ports: { ...fakePorts(), timers: systemTimers },
  limits: { logEntries: 50, logSlack: 20 },
})
for (;;) {
  try {
    const { seq } = await writer.progress()
    if (seq >= Number(last)) break
    await writer.write(batchAt(seq + 1), { seq: seq + 1, quarantined: 0 })
    await writer.tidy(0)
  } catch (error) {
    // The server may have been killed as well.
    if ((error as { code?: string }).code !== 'store_unavailable') throw error
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
await writer.close()
