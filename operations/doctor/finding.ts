/** What one look of the doctor has found, and what to do about it. */

export interface Finding {
  /** What was looked at, such as `port` or `disk`. */
  check: string
  status: 'ok' | 'warn' | 'fail'
  found: string
  /** The next step; null when there is nothing to do. */
  advice: string | null
}

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found, advice: null }
}

/** It works, and is not as it should be. */
export function warn(check: string, found: string, advice: string): Finding {
  return { check, status: 'warn', found, advice }
}

/** The server does not start, or cannot keep what it promises. */
export function fail(check: string, found: string, advice: string): Finding {
  return { check, status: 'fail', found, advice }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
