/**
 * Who may say something of whom: a device speaks for itself, a gateway for itself and for the devices
 * registered behind it, nobody for a device that is disabled or unknown.
 */

import type { RegisteredDevice, RegistryView } from '../stores/records/registry.ts'
import { type Problem, shown } from './decoders/sample.ts'

/** A device that is spoken of: registered and allowed, or the reason why not. */
export type Subject = { device: RegisteredDevice } | { problem: Problem }

export function subjectOf(registry: RegistryView, sender: string, said: string): Subject {
  const speaker = registry.device(sender)
  if (speaker === undefined) return unknownDevice(sender)
  if (!speaker.enabled) return notAllowed(`device ${shown(sender)} is disabled`)
  if (said === sender) return { device: speaker }
  const device = registry.device(said) ?? registry.device(said.normalize('NFC'))
  if (device === undefined) return unknownDevice(said)
  if (device.id === sender) return { device }
  if (device.gateway !== sender) {
    const behind = device.gateway === null ? 'no gateway' : 'another gateway'
    return notAllowed(
      `device ${shown(said)} is registered behind ${behind}; ${shown(sender)} may not speak for it`,
    )
  }
  if (!device.enabled) return notAllowed(`device ${shown(said)} is disabled`)
  return { device }
}

function unknownDevice(id: string): Subject {
  return { problem: { code: 'unknown_device', reason: `device ${shown(id)} is not registered` } }
}

function notAllowed(reason: string): Subject {
  return { problem: { code: 'not_allowed', reason } }
}
