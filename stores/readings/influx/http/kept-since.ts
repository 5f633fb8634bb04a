/**
 * Since when InfluxDB keeps readings: by the retention of the bucket, which somebody may have set to less than the age
 * of what comes, and by its own clock. What is older it would refuse, and is not sent. It deletes whole shards, and 1.x
 * takes what falls into one that is there; so a reading is sent while it is no older than both together.
 */

import type { Clock } from '../../../../domain/ports.ts'
import { isUnreachable } from './client.ts'
import type { Connection } from './connection.ts'
import { nameText } from './influxql.ts'
import { findBucket, type Target } from './preparation.ts'
import { serverTime } from './retention.ts'
import type { ServerVersion } from './version.ts'

export interface KeptSince {
  /** −∞ when all is kept, or the server does not tell this account. Throws when it cannot be reached. */
  from(version: ServerVersion): Promise<number>
  /** It may be another by now. */
  doubt(): void
}

export interface KeptSinceParts {
  connection: Connection
  target: Target
  clock: Clock
}

/** Somebody may lengthen it; until it is asked for again, what would be kept from then on is dropped. */
const askEveryMs = 10_000
const unitMs = { h: 3_600_000, m: 60_000, s: 1_000 } as const

export function createKeptSince({ connection, target, clock }: KeptSinceParts): KeptSince {
  let known: { from: number; at: number } | undefined

  /** Milliseconds; infinite when all is kept or nothing is told. */
  async function durationMs({ generation }: ServerVersion): Promise<number> {
    // 3.x takes what is too old, and drops it later.
    if (generation === 3) return Number.POSITIVE_INFINITY
    if (generation === 2) return target.token === undefined ? Infinity : ofBucket()
    const answer = await connection.ask(`SHOW RETENTION POLICIES ON ${nameText(target.bucket)}`)
    const [policies] = answer ?? []
    const column = (name: string) => policies?.columns.indexOf(name) ?? -1
    const policy = policies?.values.find((row) => String(row[column('default')]) === 'true')
    const lengthOf = (name: string) => millisecondsOf(String(policy?.[column(name)] ?? ''))
    const keptMs = lengthOf('duration')
    return keptMs === 0 ? Infinity : keptMs + lengthOf('shardGroupDuration')
  }

  async function ofBucket(): Promise<number> {
    const bucket = await findBucket(connection.client, target)
    const rules: unknown = bucket === undefined ? [] : Reflect.get(bucket, 'retentionRules')
    const [rule]: unknown[] = Array.isArray(rules) ? rules : []
    if (typeof rule !== 'object' || rule === null) return Infinity
    const secondsOf = (name: string) => Number(Reflect.get(rule, name) ?? 0)
    const seconds = secondsOf('everySeconds')
    return seconds === 0 ? Infinity : (seconds + secondsOf('shardGroupDurationSeconds')) * 1_000
  }

  async function ask(version: ServerVersion): Promise<number> {
    try {
      const keptMs = await durationMs(version)
      if (keptMs === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY
      return ((await serverTime(connection)) ?? Number.NEGATIVE_INFINITY) - keptMs
    } catch (error) {
      if (isUnreachable(error)) throw error
      // The account may write and not ask for that; then the answers to writes tell.
      return Number.NEGATIVE_INFINITY
    }
  }

  return {
    async from(version) {
      if (known === undefined || clock.monotonic() - known.at >= askEveryMs) {
        const from = await ask(version)
        known = { from, at: clock.monotonic() }
      }
      return known.from + clock.monotonic() - known.at
    },
    doubt() {
      known = undefined
    },
  }
}

/** As InfluxDB 1 writes durations: `1h0m0s`, `0s` forever. */
function millisecondsOf(duration: string): number {
  let sum = 0
  for (const [, number, unit] of duration.matchAll(/(\d+)([hms])/g)) {
    sum += Number(number) * unitMs[unit as keyof typeof unitMs]
  }
  return sum
}
