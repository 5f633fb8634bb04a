/**
 * Request bodies are JSON in UTF-8, and nothing else reaches a handler: any other or oddly spelled content
 * type is refused, keys that would reach into prototypes too, and a body where none belongs.
 */

import type { FastifyRequest } from 'fastify'
import { Fault } from '../domain/errors.ts'
import type { App } from './context.ts'

const jsonType = /^application\/json *(; *charset="?utf-8"?)? *;?$/i

export function installJsonBody(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (!jsonType.test(request.headers['content-type'] ?? '')) {
        done(
          new Fault('unsupported_media_type', 'content-type: must be application/json in UTF-8.'),
        )
        return
      }
      // Some clients name the type on every request; without bytes there is no body.
      if (body.length === 0) {
        done(null, undefined)
        return
      }
      const text = utf8(body)
      if (text === undefined) done(new Fault('bad_request', 'body: is not UTF-8.'))
      else void parse(request, text, done)
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

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // The only way this fails is the one the caller tells.
    return undefined
  }
}
