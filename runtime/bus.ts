/**
 * Doorbells between the roles of one process, over a BroadcastChannel that reaches every thread.
 * Roles in other processes hear nothing and find out by looking: the bus is only ever a shortcut.
 */

import { BroadcastChannel } from 'node:worker_threads'
import type { Bell, Bus } from '../domain/ports.ts'

export interface LocalBus extends Bus {
  close(): void
}

/** `name` keeps two servers in one process (tests) from hearing each other. */
export function openBus(name: string): LocalBus {
  const channel = new BroadcastChannel(`bellwether:${name}`)
  channel.unref()
  const listeners = new Map<Bell, Set<() => void>>()
  const runAll = (bell: Bell) => {
    for (const run of listeners.get(bell) ?? []) run()
  }
  channel.onmessage = (event) => runAll((event as { data: Bell }).data)
  return {
    ring(bell) {
      channel.postMessage(bell)
      runAll(bell)
    },
    onRing(bell, run) {
      const set = listeners.get(bell) ?? new Set()
      listeners.set(bell, set.add(run))
      return () => {
        set.delete(run)
      }
    },
    close() {
      channel.close()
    },
  }
}
