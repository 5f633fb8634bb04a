/**
 * Quality control of the stream, for ingest and for alerts: `quality/contract.ts` says what it promises.
 */

import type { QualityControl, StreamBegin } from './contract.ts'
import type { Reading } from '../domain/reading.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { createEngine, type Engine } from './engine.ts'
import { fetchHistory, type NewSeries, type Past } from './history.ts'

export interface QualityControlParts {
  registry: RegistryView
  past: Past
  /** False: readings keep the flags of their judgement, 1 for a value and 9 for none. */
  enabled: boolean
}

/** A look at one device for so many readings, so that all are looked at again and again. */
const readingsPerTidy = 16

export function createQualityControl(parts: QualityControlParts): QualityControl {
  return parts.enabled ? controlFrom({ receivedFrom: () => 0, isNew: false }, parts) : withoutTests
}

function controlFrom(begin: StreamBegin, parts: QualityControlParts): QualityControl {
  const { registry, past } = parts
  let engine = createEngine(registry)
  /** Everything that is past of this part went through this engine. */
  let knowsAll = begin.isNew
  return {
    async prepare(readings) {
      const receivedFrom = begin.receivedFrom()
      if (receivedFrom > 0 && knowsAll) return
      const fresh = newSeries(engine, readings)
      if (fresh.length > 0) await fetchHistory(since(past, receivedFrom), fresh, engine.learn)
    },
    check(readings) {
      engine.tidy(Math.ceil(readings.length / readingsPerTidy))
      const judged: Reading[] = []
      const revised: Reading[] = []
      for (const reading of readings) judged.push(engine.examine(reading, revised))
      return { readings: judged, revised }
    },
    reset() {
      engine = createEngine(registry)
      knowsAll = false
    },
    beside: (another) => controlFrom(another, parts),
  }
}

/** Devices may send what they observed some time before. */
const sentLateMs = 900_000

/** The past as if nothing had been received before this moment. */
function since(past: Past, receivedFrom: number): Past {
  if (receivedFrom === 0) return past
  return {
    async *range(query) {
      const from = Math.max(query.from, receivedFrom - sentLateMs)
      if (from >= query.to) return
      for await (const page of past.range({ ...query, from })) {
        yield page.filter(({ receivedAt }) => receivedAt >= receivedFrom)
      }
    },
  }
}

const withoutTests: QualityControl = {
  prepare: () => Promise.resolve(),
  check: (readings) => ({ readings, revised: [] }),
  reset: () => undefined,
  beside: () => withoutTests,
}

/** Series of these readings that are not in memory, each once. */
function newSeries(engine: Engine, readings: readonly Reading[]): NewSeries[] {
  const fresh: NewSeries[] = []
  const listed = new Map<string, Set<string>>()
  for (const { device, property, receivedAt, observedAt } of readings) {
    if (engine.knows(device, property)) continue
    const properties = listed.get(device) ?? new Set()
    if (properties.has(property)) continue
    listed.set(device, properties.add(property))
    const needsMs = engine.thresholds({ device, property }).attenuated?.overMs ?? 0
    fresh.push({ device, property, receivedAt, observedAt, needsMs })
  }
  return fresh
}
