/** Quality control on a real registry and, where wanted, a real readings store, with readings told in few words. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type QualityTest, type TestFlag, testFlag } from '../../domain/quality.ts'
import type { QualityControl } from '../../quality/contract.ts'
import { qualityPlanSchema, type TestSettings } from '../../domain/quality-plan.ts'
import type { Quality, Reading } from '../../domain/reading.ts'
import { createQualityControl } from '../../quality/quality-control.ts'
import type { ReadingsReader } from '../../stores/readings/readings.ts'
import { openTown, type Town } from '../fixtures/registry.ts'

export const start = Date.parse('2025-11-01T00:00:00Z')
export const minuteMs = 60_000
export const hourMs = 3_600_000

export const noPast: Pick<ReadingsReader, 'range'> = { range: () => [] }

/** Some minutes after the start; received a second later unless said. */
export function reading(
  minute: number,
  value: number | null,
  more: Partial<Reading> = {},
): Reading {
  const observedAt = start + minute * minuteMs
  const quality = value === null ? 9 : 1
  return {
    ...{
      device: 'd-1',
      property: 'pm25',
      observedAt,
      receivedAt: observedAt + 1_000,
      value,
      quality,
    },
    ...more,
  }
}

/** Readings a minute apart. */
export function minutes(
  values: readonly (number | null)[],
  more: Partial<Reading> = {},
): Reading[] {
  return values.map((value, i) => reading(i, value, more))
}

export interface Stream {
  quality: QualityControl
  town: Awaited<ReturnType<typeof openTown>>
  /** Sends readings one by one; the flags that they end up with, revisions included. */
  flags(readings: readonly Reading[]): Quality[]
  /** The same, of one test. */
  outcomes(test: QualityTest, readings: readonly Reading[]): TestFlag[]
  plan(tests: TestSettings, more?: object): Promise<void>
  /** Forgets all and begins anew. */
  restart(): void
  close(): Promise<void>
}

export async function openStream(
  town: Town = {},
  past: Pick<ReadingsReader, 'range'> = noPast,
): Promise<Stream> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-quality-'))
  const opened = await openTown(join(dir, 'registry.db'), {
    devices: [{ id: 'd-1' }],
    ...town,
  })
  const create = () => createQualityControl({ registry: opened.view, past, enabled: true })
  let quality = create()
  let plans = 0

  function send(readings: readonly Reading[]): Reading[] {
    const flagged: Reading[] = []
    for (const one of readings) {
      const { readings: judged, revised } = quality.check([one])
      for (const better of revised) {
        const place = flagged.findLastIndex(
          (earlier) => earlier.device === better.device && earlier.observedAt === better.observedAt,
        )
        if (place >= 0) flagged[place] = better
      }
      flagged.push(...judged)
    }
    return flagged
  }

  return {
    get quality() {
      return quality
    },
    town: opened,
    flags: (readings) => send(readings).map((one) => one.quality),
    outcomes: (test, readings) => send(readings).map(({ tests }) => testFlag(tests ?? 0, test)),
    async plan(tests, more = {}) {
      plans += 1
      const plan = qualityPlanSchema.parse({
        id: `plan-${plans}`,
        property: 'pm25',
        tests,
        ...more,
      })
      await opened.registry.insert('quality-plan', plan)
      await opened.view.refresh()
    },
    restart() {
      quality = create()
    },
    async close() {
      await opened.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
