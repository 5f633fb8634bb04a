/**
 * Every file under test/cases/ingest/<uplink kind>/ is one message and what must come of it. To add a case,
 * add a file: `device` (default air-1), one of `payload` (JSON), `text` or `base64`, then `accepted` and
 * `refused` in order, `attributes` and `presence` where there are some. `observedAt` is given where it
 * matters, `says` is part of the reason. `count` is given where the count at admission differs on purpose.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countReadings } from '../../payload/count-readings.ts'
import type { Judge, Verdict } from '../../domain/quarantine.ts'
import { type UplinkKind, uplinkKinds } from '../../domain/uplink.ts'
import { createJudge } from '../../payload/validate.ts'
import { type DeviceForm, registryWith, type TestRegistry } from '../ingest/registry.ts'

interface Case {
  about: string
  device?: string
  payload?: unknown
  text?: string
  base64?: string
  count?: number
  accepted: {
    property: string
    value: number | null
    device?: string
    observedAt?: string
    quality?: number
  }[]
  refused: { code: string; key?: string; device?: string; says?: string }[]
  attributes?: Record<string, unknown>
  presence?: Record<string, boolean>
}

const folder = join(import.meta.dirname, '../cases/ingest')
const setting = read<{ receivedAt: string; devices: DeviceForm[] }>('setting.json')
let registry: TestRegistry
let judge: Judge

beforeAll(async () => {
  registry = await registryWith(setting.devices)
  judge = createJudge({
    registry: registry.view,
    payloadBytesMax: 65_536,
    readingAgeDaysMax: 7,
    readingAheadSecondsMax: 300,
  })
})
afterAll(() => registry.close())

const kinds = uplinkKinds.filter((kind) => readdirSync(folder).includes(kind))

describe.each(kinds)('%s', (kind) => {
  const files = readdirSync(join(folder, kind))
  test.each(files)('%s', (file) => {
    const given = read<Case>(join(kind, file))
    const payload = bytesOf(given)
    const verdict = judgeCase(kind, given, payload)
    expect(verdict.refused.map(({ reason: _, ...rest }) => rest)).toMatchObject(
      given.refused.map(({ says: _, ...rest }) => rest),
    )
    expect(verdict.refused.length).toBe(given.refused.length)
    for (const [i, { says }] of given.refused.entries()) {
      expect(verdict.refused[i]?.reason).toContain(says ?? '')
    }
    expect(verdict.accepted.map((reading) => shownReading(reading))).toMatchObject(given.accepted)
    expect(verdict.accepted.length).toBe(given.accepted.length)
    if (given.attributes !== undefined)
      expect(entries(verdict.attributes)).toEqual(given.attributes)
    if (given.presence !== undefined) expect(entries(verdict.presence)).toEqual(given.presence)
    const settled = verdict.accepted.length + verdict.refused.length
    expect(countReadings(kind, payload)).toBe(given.count ?? settledReadings(kind, settled))
  })
})

/** Connect and disconnect messages hold no readings, whatever becomes of them. */
function settledReadings(kind: UplinkKind, settled: number): number {
  return kind === 'gateway-connect' || kind === 'gateway-disconnect' ? 0 : settled
}

function judgeCase(kind: UplinkKind, given: Case, payload: Uint8Array): Verdict {
  const receivedAt = Date.parse(setting.receivedAt)
  const device = given.device ?? 'air-1'
  return judge({ seq: 1, kind, device, receivedAt, payload, readings: 0 })
}

function bytesOf(given: Case): Uint8Array {
  if (given.base64 !== undefined) return Buffer.from(given.base64, 'base64')
  return Buffer.from(given.text ?? JSON.stringify(given.payload))
}

function shownReading(reading: Verdict['accepted'][number]): unknown {
  expect(Object.is(reading.value, -0)).toBe(false)
  return { ...reading, observedAt: new Date(reading.observedAt).toISOString() }
}

function entries(map: ReadonlyMap<string, unknown> | undefined): unknown {
  return Object.fromEntries([...(map ?? [])])
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(join(folder, path), 'utf8')) as T
}
