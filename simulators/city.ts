/**
 * A city from a seed: Lanting on the Lan river, which exists only here. Sites with names, places and the levels
 * that matter there; devices, alone or behind NB-IoT gateways. Same seed and size, same city, on every machine.
 */

import type { Device } from '../domain/device.ts'
import type { Site } from '../domain/site.ts'
import type { Episode, Scene } from './episodes.ts'
import { type DeviceModel, inventory, modelPlans } from './inventory.ts'
import type { CityDevice } from './device.ts'
import { keyOf, mix, unit } from './noise.ts'
import { placeAt } from './places.ts'
import { siteAt } from './sites.ts'

export interface City {
  seed: number
  sites: readonly Site[]
  devices: readonly CityDevice[]
  /** Device ids of the gateways; they measure nothing themselves. */
  gateways: readonly string[]
}

export interface CityOptions {
  /** Any whole number. */
  seed: number
  /** How many devices measure, 1 to 50,000; gateways come on top. */
  devices: number
  /** How many of them and of the gateways may be connected, at least 1. Default 200. */
  connections?: number
}

export function makeCity({ seed, devices, connections = 200 }: CityOptions): City {
  if (!Number.isInteger(devices) || devices < 1 || devices > 50_000) {
    throw new RangeError(`devices must be a whole number from 1 to 50000, not ${devices}`)
  }
  if (!Number.isInteger(connections) || connections < 1) {
    throw new RangeError(`connections must be a whole number of at least 1, not ${connections}`)
  }
  const cityKey = cityKeyOf(seed)
  const sites = new Map<string, Site>()
  const all: CityDevice[] = []
  for (const [model, count] of inventory(devices)) {
    for (let index = 0; index < count; index++) {
      const made = makeDevice({ cityKey, model, index, count })
      sites.set(made.site.id, made.site)
      all.push(made.device)
    }
  }
  const gateways = connect(all, connections)
  return { seed, sites: [...sites.values()], devices: all, gateways }
}

/** What the models need to compute the state of this city at any moment. */
export function sceneOf(city: City, episodes: readonly Episode[]): Scene {
  return { key: cityKeyOf(city.seed), episodes }
}

function cityKeyOf(seed: number): number {
  return mix(keyOf('lanting'), seed)
}

interface Slot {
  cityKey: number
  model: DeviceModel
  /** Which of the model's devices this is, from 0. */
  index: number
  /** How many of the model the city has. */
  count: number
}

function makeDevice(slot: Slot): { site: Site; device: CityDevice } {
  const plan = modelPlans[slot.model]
  const siteIndex = Math.floor(slot.index / plan.devicesPerSite)
  const siteCount = Math.ceil(slot.count / plan.devicesPerSite)
  const siteId = `lt-${plan.tag}-${String(siteIndex + 1).padStart(3, '0')}`
  const place = placeAt(plan.lies, mix(slot.cityKey, keyOf(siteId)), {
    index: siteIndex,
    count: siteCount,
  })
  const id = `${siteId}-${(slot.index % plan.devicesPerSite) + 1}`
  const key = mix(slot.cityKey, keyOf(id))
  const nbiot = unit(key, 1) < plan.nbiotShare
  const device: CityDevice = {
    id,
    site: siteId,
    model: slot.model,
    gateway: null,
    place,
    key,
    sampleMs: plan.sampleMs,
    samplesPerReport: nbiot ? plan.samplesPerReport : 1,
    radio: nbiot ? 'nbiot' : 'wired',
  }
  return { site: siteAt(device, { cityKey: slot.cityKey, siteIndex }), device }
}

/**
 * Decides who signs in alone: as many of the wired stations and some sleepers as the connections allow; the rest
 * is put behind gateways of neighbours. Changes the devices in place and returns the gateways' ids.
 */
function connect(devices: CityDevice[], connections: number): string[] {
  const aloneMax = Math.max(0, Math.min(Math.floor(connections * 0.6), connections - 1))
  const wired = devices.filter((device) => device.radio === 'wired')
  const sleepers = devices.filter((d) => d.radio === 'nbiot').filter((d) => unit(d.key, 2) < 0.25)
  const alone = new Set([...wired, ...sleepers].slice(0, aloneMax))
  const behind = devices
    .filter((device) => !alone.has(device))
    .sort((a, b) => a.place.eastKm - b.place.eastKm)
  if (behind.length === 0) return []
  const room = connections - alone.size
  const count = Math.min(room, Math.max(1, Math.ceil(behind.length / devicesPerGateway)))
  const gateways = Array.from(
    { length: count },
    (_, i) => `lt-gw-${String(i + 1).padStart(3, '0')}`,
  )
  behind.forEach((device, i) => {
    device.gateway = gateways[Math.floor((i * count) / behind.length)] ?? null
  })
  return gateways
}

/** A street cabinet's radio serves about so many; more only when connections are short. */
const devicesPerGateway = 20

/** The registry's form of the city's devices, gateways first because the others refer to them. */
export function registryDevices(city: City, speed: number): Device[] {
  const gateways = city.gateways.map((id) => registryDevice(id, {}))
  const others = city.devices.map((device) => {
    const reportMs = (device.sampleMs * device.samplesPerReport) / speed
    return registryDevice(device.id, {
      site: device.site,
      gateway: device.gateway,
      expectedInterval: `${Math.max(60, Math.ceil(reportMs / 1_000))}s`,
    })
  })
  return [...gateways, ...others]
}

function registryDevice(id: string, more: Partial<Device>): Device {
  return {
    id,
    site: null,
    profile: null,
    gateway: null,
    enabled: true,
    expectedInterval: null,
    ...more,
  }
}
