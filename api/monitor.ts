/** What the API shows of the health of the whole program; assembled outside, because no role sees the others. */

export interface Health {
  /** True when a message that arrives now would be kept. */
  ready: boolean
  /** One sentence for each thing that stands in the way. */
  reasons: string[]
  /** Stage name → its figures, such as its lag. */
  stages: Record<string, unknown>
}

export interface Monitor {
  /** Prometheus text format 0.0.4. */
  metrics(): Promise<string>
  health(): Promise<Health>
}
