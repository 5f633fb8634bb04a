/**
 * What a route function is handed, and what is declared on each route and request.
 * A route function receives the context and takes from it only what it uses.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Role } from '../domain/token.ts'
import type { EventStreams } from './events/event-streams.ts'
import type { BodyForms } from './http/openapi-document.ts'
import type { ApiParts } from './parts.ts'

export interface ApiContext extends ApiParts {
  streams: EventStreams
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** Who asks: the id and role of an API token. */
export interface Principal {
  id: string
  role: Role
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Least role that may use the route; `open` needs no token. A route without it stops the start. */
    role?: Role | 'open'
    /** Name in the audit trail, such as `device.create`; every route that changes something has one. */
    action?: string
    /** True where a POST only computes from its body: it changes nothing and leaves no entry in the audit trail. */
    computes?: boolean
    /** In the description: a body is one of these. */
    bodyForms?: BodyForms | undefined
    /** Content types of a body that the handler reads as it arrives. */
    streamTypes?: readonly string[]
  }
  interface FastifyRequest {
    principal: Principal | null
    /** Id of the thing that is changed, when it is not in the path. */
    target: string | null
    /** Where it came from, taken when it arrived. */
    origin: string
    /** Of `Registry.beginAudit`; null until a change begins. */
    begunAudit: number | null
    audited: boolean
  }
}

/** Prefix of every resource; health, metrics and the description stand outside of it. */
export const base = '/api/v1'

/** The page to read the description at; it comes from a plugin and needs no token. */
export const docsPath = '/docs'

/** Takes over a committed change of the registry and tells the other roles. */
export async function registryChanged(context: Pick<ApiParts, 'view' | 'bus'>): Promise<void> {
  await context.view.refresh()
  context.bus.ring('registry')
}
