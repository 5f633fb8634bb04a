/**
 * What the broker does by itself, now and then: drops journal that every consumer has passed, looks whether
 * the registry has changed and whom that concerns, and tells its gauges.
 */

import type { Bus, Cancel, Ports } from '../domain/ports.ts'
import type { JournalWriter } from '../stores/journal/journal.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { Admission } from './admission.ts'
import type { Guard } from './guard.ts'
import type { BrokerMeters } from './meters.ts'

const everyMs = 2_000
/** While the journal cannot be written, room may come any moment. */
const inTroubleEveryMs = 500

export interface UpkeepOptions {
  ports: Ports
  bus: Bus
  registry: RegistryView
  journal: JournalWriter
  consumed: () => Promise<number>
  guard: Guard
  admission: Admission
  meters: BrokerMeters
}

export interface Upkeep {
  trimNow(): void
  stop(): void
}

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { ports, bus, registry, journal, consumed, guard, admission, meters } = options
  const { timers, log } = ports
  let seenVersion = registry.version
  let trimming = false
  let checking = false
  let again = false
  let stopped = false
  let sooner: Cancel | null = null

  async function trim(): Promise<void> {
    if (trimming || stopped) return
    trimming = true
    try {
      const position = await consumed()
      if (!stopped) journal.trim(position)
    } catch (error) {
      meters.errors()
      log.warn({ error }, 'Consumed journal could not be dropped; it is tried again.')
    } finally {
      trimming = false
    }
    if (stopped || admission.trouble === null) return
    sooner?.()
    sooner = timers.after(inTroubleEveryMs, () => void trim())
  }

  /** A ring during a check leads to one more check, not to two at a time. */
  async function checkRegistry(): Promise<void> {
    if (checking) {
      again = true
      return
    }
    checking = true
    try {
      await registry.refresh()
      if (!stopped && registry.version !== seenVersion) {
        seenVersion = registry.version
        guard.recheck()
      }
    } catch (error) {
      meters.errors()
      log.warn({ error }, 'The registry could not be read; it is tried again.')
    } finally {
      checking = false
    }
    if (!again || stopped) return
    again = false
    timers.soon(() => void checkRegistry())
  }

  function beat(): void {
    meters.connections(guard.connections.size)
    meters.identities(guard.identities)
    meters.bytes(journal.bytes)
    void trim()
    void checkRegistry()
  }

  const cancelBeat = timers.every(everyMs, beat)
  const cancelRing = bus.onRing('registry', () => void checkRegistry())

  return {
    trimNow: () => void trim(),
    stop() {
      stopped = true
      cancelBeat()
      cancelRing()
      sooner?.()
    },
  }
}
