/**
 * A cursor continues one list: it carries a mark of the path and the filters it was given for, so that one which is used
 * with others is refused instead of answering an empty or a wrong page. How many items a page has may change.
 */

import type { FastifyRequest } from 'fastify'
import { Fault } from '../../domain/errors.ts'
import { hashSecret } from '../../runtime/secret.ts'
import type { App } from '../context.ts'
import { pathOf } from './problem-details.ts'

const markLength = 8
const sealed = /^(.*)\.([0-9a-f]{8})$/s
const ofThePage = new Set(['cursor', 'limit'])

/** Checks and takes off the mark before a route sees the cursor, and puts one on `next` of what it answers. */
export function installCursorSeal(app: App): void {
  app.addHook('preValidation', async (request) => {
    const query = request.query as Record<string, unknown>
    if (typeof query.cursor !== 'string') return
    const [, place, mark] = sealed.exec(query.cursor) ?? []
    if (place === undefined || mark === undefined) return
    if (mark !== markOf(request)) {
      throw new Fault(
        'bad_request',
        'cursor: was given for another path or other filters; ask with those, or without it from the beginning.',
        { field: 'cursor' },
      )
    }
    query.cursor = place
  })
  app.addHook('preSerialization', async (request, _reply, payload) => {
    if (typeof payload !== 'object' || payload === null || !('next' in payload)) return payload
    if (!('items' in payload) || typeof payload.next !== 'string') return payload
    return { ...payload, next: sealCursor(request, payload.next) }
  })
}

/** For an answer that is written as text. */
export function sealCursor(request: FastifyRequest, next: string | null): string | null {
  return next === null ? null : `${next}.${markOf(request)}`
}

function markOf(request: FastifyRequest): string {
  // Of the text: what has been checked is in another form, with defaults.
  const [, query = ''] = request.url.split(/\?(.*)/s)
  const filters = [...new URLSearchParams(query)]
    .filter(([name]) => !ofThePage.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return hashSecret(JSON.stringify([pathOf(request.url), filters])).slice(0, markLength)
}
