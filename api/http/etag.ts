/**
 * Entity tags (RFC 9110 §8.8.3, §13.1): who edits what another has changed meanwhile is told, and does not win silently.
 * A tag is of what was configured; what a device says of itself does not change it.
 */

import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Fault } from '../../domain/errors.ts'

const tagLength = 22

/** `fields`: those that an editor may set. */
export function etagOf(item: object, fields: readonly string[]): string {
  const values: Record<string, unknown> = { ...item }
  const text = JSON.stringify(fields.map((field) => [field, values[field]]))
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, tagLength)}"`
}

/** Throws `precondition_failed` when If-Match or If-None-Match does not hold; `current`: null when there is none. */
export function checkPreconditions(headers: IncomingHttpHeaders, current: string | null): void {
  const match = headers['if-match']
  if (match !== undefined && !holds(match, current)) {
    throw new Fault(
      'precondition_failed',
      'if-match: it has been changed since it was read; read it again, and repeat the edit.',
      { field: 'if-match' },
    )
  }
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined && holds(noneMatch, current)) {
    throw new Fault('precondition_failed', 'if-none-match: there is such a thing already.', {
      field: 'if-none-match',
    })
  }
}

/** Weak tags never match: every byte that is configured counts. */
function holds(tags: string, current: string | null): boolean {
  if (current === null) return false
  return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim() === current)
}
