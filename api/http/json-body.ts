/**
 * Request bodies are JSON in UTF-8, and nothing else reaches a handler: any other or oddly spelled content
 * type is refused, keys that would reach into prototypes too, and a body where none belongs.
 */

import type { FastifyRequest } from 'fastify'
import { Fault } from '../../domain/errors.ts'
import type { App } from '../context.ts'

const jsonType = /^application\/json *(; *charset="?utf-8"?)? *;?$/i

export function installJsonBody(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      if (!jsonType.test(request.headers['content-type'] ?? '')) {
        throw new Fault(
          'unsupported_media_type',
          'content-type: must be application/json in UTF-8.',
        )
      }
      // Some clients name the type on every request; without bytes there is no body.
      return body.length === 0 ? undefined : jsonOf(body)
    },
  )
  app.addHook('preValidation', refuseUnwanted)
}

/** A route that takes no body is not sent one by somebody who knows what they do. */
async function refuseUnwanted(request: FastifyRequest): Promise<void> {
  const { body, routeOptions } = request
  if (body === undefined || body === null || routeOptions.schema?.body !== undefined) return
  if (request.is404 || routeOptions.config.streamTypes !== undefined) return
  if (typeof body === 'object' && Object.keys(body).length === 0) return
  throw new Fault('bad_request', 'body: this path takes none.', { field: 'body' })
}

function jsonOf(bytes: Buffer): unknown {
  const text = utf8(bytes)
  if (text === undefined) throw new Fault('bad_request', 'body: is not UTF-8; save it as UTF-8.')
  const value = parsed(text)
  // Escapes can spell any key.
  const path = /__proto__|constructor|\\u/.test(text) ? forbiddenPath(value) : undefined
  if (path === undefined) return value
  const field = path.join('.')
  throw new Fault('bad_request', `${field}: a key called "${path.at(-1)}" is not taken.`, { field })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const at = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
    const where = at === undefined ? '' : ` from character ${Number(at) + 1} on`
    throw new Fault('bad_request', `body: is not valid JSON${where}.`, { field: 'body' })
  }
}

interface Step {
  key: string
  value: unknown
  above: Step | null
}

/** Where a key stands that would reach into prototypes, or undefined. A body may be as deep as it is long: no recursion. */
function forbiddenPath(body: unknown): string[] | undefined {
  const todo = stepsInto(body, null)
  for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
    if (isForbidden(step)) return pathOf(step)
    for (const inner of stepsInto(step.value, step)) todo.push(inner)
  }
  return undefined
}

function stepsInto(value: unknown, above: Step | null): Step[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([key, inner]) => ({ key, value: inner, above }))
}

function isForbidden({ key, value }: Step): boolean {
  if (key === '__proto__') return true
  const isObject = typeof value === 'object' && value !== null
  return key === 'constructor' && isObject && Object.hasOwn(value, 'prototype')
}

function pathOf(step: Step): string[] {
  const path: string[] = []
  for (let at: Step | null = step; at !== null; at = at.above) path.unshift(at.key)
  return path
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // The only way this fails is the one the caller tells.
    return undefined
  }
}
