/**
 * What the keys of a device mean: from its profile, or else by the codes of the catalogue. Worked out once
 * per profile, not per reading.
 */

import { factorsOf2005, factorUnits } from '../domain/catalogue/hj212.ts'
import { properties, propertyOf } from '../domain/catalogue.ts'
import type { Profile } from '../domain/profile.ts'
import type { Property } from '../domain/property.ts'

/** What one key stands for: `value = sent × scale + offset`, in the property's unit. */
export interface Channel {
  property: Property
  scale: number
  offset: number
  /** The profile says in which unit it is sent, or how it becomes the catalogue's. */
  isDeclared: boolean
}

/** A key that the profile maps to something that does not exist; the text says what. */
export type Mapped = Channel | string

type Channels = ReadonlyMap<string, Mapped>

const catalogue: Channels = new Map(
  [...properties.values()].map((property) => [
    property.code,
    { property, scale: 1, offset: 0, isDeclared: false },
  ]),
)

const hj212 = hj212Channels()

/** Distinct profiles whose tables can be shared; above it, sharing begins anew. */
const profilesMax = 10_000

export interface ChannelBook {
  /** What this key of a device with this profile means; undefined when nobody knows it. */
  find(profile: Profile | null, key: string): Mapped | undefined
}

/**
 * Profiles are told apart as objects: the registry never changes one, it hands out another. Devices with
 * equal profiles share one table.
 */
export function createChannelBook(): ChannelBook {
  const byProfile = new WeakMap<object, Channels>()
  const byText = new Map<string, Channels>()

  function channelsOf(profile: Exclude<Profile, string>): Channels {
    const known = byProfile.get(profile)
    if (known !== undefined) return known
    if (byText.size >= profilesMax) byText.clear()
    const text = JSON.stringify(profile)
    const channels = byText.get(text) ?? profileChannels(profile)
    byText.set(text, channels)
    byProfile.set(profile, channels)
    return channels
  }

  /** Names that mean nothing are labels of earlier versions. */
  function lookUp(profile: Profile | null, key: string): Mapped | undefined {
    if (profile === null) return catalogue.get(key)
    if (typeof profile === 'string') return ofFormat(profile, key)
    return channelsOf(profile).get(key) ?? ofFormat(profile.format, key)
  }

  return {
    find(profile, key) {
      const found = lookUp(profile, key)
      if (found !== undefined) return found
      /** One name in two Unicode forms is one name; the tables hold NFC. */
      const normal = key.normalize('NFC')
      return normal === key ? undefined : lookUp(profile, normal)
    },
  }
}

function ofFormat(format: string | undefined, key: string): Mapped | undefined {
  return (format === 'hj212' ? hj212.get(key) : undefined) ?? catalogue.get(key)
}

function profileChannels(profile: Exclude<Profile, string>): Channels {
  const channels = new Map<string, Mapped>()
  for (const [key, mapping] of Object.entries(profile.keys)) {
    const {
      property,
      unit,
      scale = 1,
      offset = 0,
    } = typeof mapping === 'string' ? { property: mapping } : mapping
    channels.set(key.normalize('NFC'), channel(property, unit, { scale, offset }))
  }
  return channels
}

function channel(
  code: string,
  unit: string | undefined,
  own: Pick<Channel, 'scale' | 'offset'>,
): Mapped {
  const property = propertyOf(code)
  if (property === undefined) return `the profile maps it to "${code}", which the catalogue lacks`
  const isDeclared = unit !== undefined || own.scale !== 1 || own.offset !== 0
  if (unit === undefined || unit === property.unit) return { property, ...own, isDeclared }
  const conversion = Object.hasOwn(property.convertible, unit)
    ? property.convertible[unit]
    : undefined
  if (conversion === undefined) {
    return `the profile gives the unit "${unit}", which cannot be converted to ${property.unit}`
  }
  /** First the profile's own line, then the unit's: one line again. */
  return {
    property,
    scale: own.scale * conversion.scale,
    offset: own.offset * conversion.scale + conversion.offset,
    isDeclared,
  }
}

function hj212Channels(): Channels {
  const channels = new Map<string, Mapped>()
  for (const property of properties.values()) {
    const factor = property.hj212
    if (factor === null) continue
    channels.set(factor, channel(property.code, factorUnits[factor], { scale: 1, offset: 0 }))
  }
  for (const [old, factor] of Object.entries(factorsOf2005)) {
    const known = channels.get(factor)
    if (known !== undefined) channels.set(old, known)
  }
  return channels
}
