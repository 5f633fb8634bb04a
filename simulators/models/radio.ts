/** An NB-IoT modem's state: signal by place and hour, a battery that lasts for years. Ranges as 3GPP TS 36.133 reports NRSRP. */

import type { CityDevice } from '../device.ts'
import { dayMs, hourMs } from '../calendar.ts'
import { between, clamp, drift, rounded, unit } from '../noise.ts'

/** Below this the modem repeats itself many times and often fails (coverage enhancement level 2). */
export const weakRsrpDbm = -115

/** Signal power in dBm: good on poles, weak in basements where meters and manholes are. */
export function signalDbm(device: CityDevice, atMs: number): number {
  const buried = device.model === 'meter' || device.model === 'street'
  const usual = between(device.key, 120, buried ? [-122, -92] : [-105, -78])
  return clamp(usual + 4 * drift(device.key, atMs, 2 * hourMs), -140, -60)
}

/** Facts for `v1/devices/me/attributes`. */
export function radioFacts(device: CityDevice, atMs: number): Record<string, number | string> {
  const firmware = `1.${Math.floor(unit(device.key, 121) * 3) + 2}.0`
  if (device.radio === 'wired') return { firmware }
  const rsrp = signalDbm(device, atMs)
  const ageDays = (atMs / dayMs + unit(device.key, 122) * 1_500) % 2_000
  return {
    firmware,
    battery: rounded(100 - ageDays / 25, 0),
    rsrp: rounded(rsrp, 0),
    snr: rounded(clamp((rsrp + 124) / 1.6, -10, 28), 1),
    cell: `99-01-${Math.floor((device.place.eastKm + 30) * 4)}-${Math.floor((device.place.northKm + 12) * 4)}`,
  }
}
