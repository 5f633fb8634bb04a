/**
 * What boards show beside readings (alerts, states of sites and devices, indices, figures of the program itself): points
 * in the database that boards ask. The API writes them; nothing of ours reads them, and all can be made again.
 */

/** What all tags of a measurement are called; a table of InfluxDB 3 keeps the tags that it begins with. */
export const boardTags = {
  /** One point for each recorded change of an alert. */
  alert_event: ['rule', 'site', 'district', 'device', 'property', 'type'],
  alert_open: ['rule', 'site', 'district', 'device', 'property'],
  site_state: ['site', 'district', 'kind'],
  device_state: ['device', 'site', 'district'],
  quarantine: ['code'],
  site_index: ['site', 'district', 'index', 'edition'],
  bellwether: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type BoardMeasurement = keyof typeof boardTags

/** Identity is measurement, tags and time: writing it again replaces the fields that it names. */
export interface BoardPoint {
  measurement: BoardMeasurement
  /** Those that are null or empty are left out. */
  tags: Readonly<Record<string, string | null>>
  /** Numbers are stored as floats; what is null or not finite is left out. */
  fields: Readonly<Record<string, number | string | null>>
  /** Milliseconds since 1970 UTC, with up to three decimals to keep apart what happened in the same one. */
  at: number
}

/** A point found again. */
export interface FoundPoint {
  number: number
  /** Null when the point does not have it. */
  text: string | null
}

export interface BoardSink {
  /**
   * Throws `Fault` `store_unavailable` when the database cannot store now; any part may have been stored then.
   * Points that it refuses for good are left out and logged.
   */
  write(points: readonly BoardPoint[]): Promise<void>
  /**
   * Of the point in which a number is largest, that number and a text; null when there is none, or when the database
   * does not tell. Throws `Fault` `store_unavailable` when it cannot be reached.
   */
  largest(
    measurement: BoardMeasurement,
    field: { number: string; text: string },
  ): Promise<FoundPoint | null>
  /**
   * Takes away the points of a site in a time (half-open, milliseconds since 1970 UTC), where the database can do that.
   * Throws `Fault` `store_unavailable` when it cannot be reached.
   */
  remove(
    measurement: BoardMeasurement,
    of: { site: string; from: number; to: number },
  ): Promise<void>
  /** Ends what is under way. */
  close(): void
}
