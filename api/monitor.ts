/** What the API shows of the health of the whole program; assembled outside, because no role sees the others. */

export interface Health {
  /** True when a message that arrives now would be kept. */
  ready: boolean
  /** One sentence for each thing that stands in the way. */
  reasons: string[]
  /** Acknowledged uplinks that readings do not show yet; null while a store can not be read. */
  lag: number | null
  /** Stage name → its figures, such as its lag. */
  stages: Record<string, unknown>
}

/** Of the whole program at one moment; counts of readings are totals. */
export interface Figures {
  received: number
  stored: number
  duplicate: number
  quarantined: number
  inFlight: number
  /** Uplinks that ingest has not done yet. */
  journalLagUplinks: number
  /** Age of the oldest uplink that ingest, and alerts, have not done yet. */
  ingestLagMs: number
  alertsLagMs: number
  outboxPending: number
  /** Age of the oldest delivery that is still to be made. */
  outboxOldestMs: number
  /** Null while the broker does not answer. */
  connections: number | null
  /** Null when nothing was acknowledged lately. */
  ackMs: { p50: number; p99: number } | null
  /** Resident memory of this process. */
  memoryBytes: number
}

export interface Monitor {
  /** Prometheus text format 0.0.4. */
  metrics(): Promise<string>
  health(): Promise<Health>
  /** Acknowledged uplinks that readings, and alerts, do not show yet. */
  lag(): Promise<{ readings: number; alerts: number }>
  /** @param now milliseconds since 1970 UTC */
  figures(now: number): Promise<Figures>
}
