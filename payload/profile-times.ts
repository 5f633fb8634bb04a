/**
 * What a profile says of the times that a device writes: the zone of its clock, and whether it stamps the value of an
 * interval with its start or its end.
 *
 * Stored is one meaning only (docs/decisions/017-stamps.md): means and other states of an interval stand at its start, so
 * that the hour 23–24 belongs to its day; amounts stand at its end, because they belong to (from, to].
 */

import type { Profile } from '../domain/profile.ts'
import type { Property } from '../domain/property.ts'
import { durationMs } from '../domain/text.ts'
import { createZoneClock, type ZoneClock } from './decoders/local-time.ts'

export interface ProfileTimes {
  /** For times without a zone; null when the profile names none. */
  clock: ZoneClock | null
  /** To be added to the time of a value, in ms. */
  meanShiftMs: number
  amountShiftMs: number
}

export interface ProfileTimesBook {
  /** Null when the profile says nothing of times. */
  find(profile: Profile | null): ProfileTimes | null
}

const zonesMax = 1_000

/** Profiles are told apart as objects, like those of `profile-keys.ts`. */
export function createProfileTimesBook(): ProfileTimesBook {
  const byProfile = new WeakMap<object, ProfileTimes>()
  const clocks = new Map<string, ZoneClock>()

  function clockOf(zone: string): ZoneClock {
    const known = clocks.get(zone)
    if (known !== undefined) return known
    if (clocks.size >= zonesMax) clocks.clear()
    const clock = createZoneClock(zone)
    clocks.set(zone, clock)
    return clock
  }

  return {
    find(profile) {
      if (profile === null || typeof profile === 'string' || profile.time === undefined) return null
      const known = byProfile.get(profile)
      if (known !== undefined) return known
      const { zone, stamp, interval = '0s' } = profile.time
      const ms = durationMs(interval)
      const times = {
        clock: zone === undefined ? null : clockOf(zone),
        meanShiftMs: stamp === 'end' ? -ms : 0,
        amountShiftMs: stamp === 'start' ? ms : 0,
      }
      byProfile.set(profile, times)
      return times
    },
  }
}

/** The state of the device itself is of the moment, and so is a counter. */
export function shiftMs(times: ProfileTimes, { domain, quantity }: Property): number {
  if (domain === 'device' || quantity === 'counter') return 0
  return quantity === 'interval' ? times.amountShiftMs : times.meanShiftMs
}
