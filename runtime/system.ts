/** The real clock, timers, chance, log and meters: the only place where the globals are touched. */

import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client'
import type { Clock, Log, Meter, Ports, Random, Timers } from '../domain/ports.ts'

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs)
    return () => clearInterval(timer)
  },
  soon(run) {
    setImmediate(run)
  },
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  fraction: () => Math.random(),
}

/** JSON lines on stderr; errors are shown with their cause, fields that may hold secrets are hidden. */
export function systemLog(level: string, role: string): Log {
  return pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err },
      redact: ['token', 'password', 'secret', '*.token', '*.password', '*.secret'],
    },
    pino.destination({ dest: 2, sync: true }),
  )
}

const buckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60]

/** Roles that share a thread may ask for the same meter; they get the same one. */
export function systemMeter(registry: Registry): Meter {
  const registers = [registry]
  function once<T extends Metric>(name: string, make: () => T): T {
    return (registry.getSingleMetric(name) as T | undefined) ?? make()
  }
  return {
    counter(name, help, labelNames = []) {
      const counter = once(name, () => {
        const made = new Counter({ name, help, labelNames: [...labelNames], registers })
        if (labelNames.length === 0) made.inc(0)
        return made
      })
      return (by = 1, labels = {}) => counter.inc(labels, by)
    },
    gauge(name, help, labelNames = []) {
      const gauge = once(
        name,
        () => new Gauge({ name, help, labelNames: [...labelNames], registers }),
      )
      return (value, labels = {}) => gauge.set(labels, value)
    },
    histogram(name, help, labelNames = []) {
      const histogram = once(
        name,
        () => new Histogram({ name, help, labelNames: [...labelNames], buckets, registers }),
      )
      return (seconds, labels = {}) => histogram.observe(labels, seconds)
    },
  }
}

export function systemPorts(level: string, role: string, registry: Registry): Ports {
  return {
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    log: systemLog(level, role),
    meter: systemMeter(registry),
  }
}
