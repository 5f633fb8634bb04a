/** Uplinks of a test. */

import type { Uplink, UplinkKind } from '../../../domain/uplink.ts'

export const receivedAt = Date.parse('2025-11-01T00:00:00Z')

export function uplinkOf(
  kind: UplinkKind,
  payload: Uint8Array | string,
  more: Partial<Uplink> = {},
): Uplink {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  return { seq: 1, kind, device: 'air-1', receivedAt, payload: bytes, readings: 0, ...more }
}

export function telemetryOf(payload: Uint8Array | string): Uplink {
  return uplinkOf('telemetry', payload)
}
