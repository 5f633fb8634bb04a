/** The figures of the program itself, as its boards show them. */

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
