/**
 * Who may do what. A token is looked up by its SHA-256; each route declares the least role it needs, and a
 * route that declares none stops the start. Order of a request: who is it → not too many → may it.
 */

import rateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '../../domain/errors.ts'
import { roleAllows, roles } from '../../domain/token.ts'
import { equalSecret, hashSecret } from '../../runtime/secret.ts'
import { type App, docsPath, type Principal } from '../context.ts'
import type { ApiParts } from '../parts.ts'

/** Id, in the audit trail, of the administrator's token of the settings; no other token may be called so. */
export const settingsTokenId = 'settings'

const tokenLengthMax = 512
const howToMakeOne = `"bellwether token add ID --role ${roles.join('|')}" makes one`
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

export async function installAuth(app: App, parts: ApiParts): Promise<void> {
  app.decorateRequest('principal', null)
  app.addHook('onRoute', (route) => {
    if (route.url === docsPath || route.url.startsWith(`${docsPath}/`)) {
      route.config = { ...route.config, role: 'open' }
    }
    if (route.config?.role === undefined) {
      throw new Error(`The route ${String(route.method)} ${route.url} declares no role.`)
    }
  })
  app.addHook('onRequest', async (request) => {
    // Whether we live must not depend on a store that may not answer.
    if (request.routeOptions.config.role === 'open') return
    await parts.view.refresh()
    request.principal = principalOf(parts, request.headers.authorization)
  })
  await app.register(rateLimit, {
    global: false,
    max: parts.config.apiRequestsPerMinuteMax,
    timeWindow: 60_000,
    // The token is known to be real by now, so a made-up one cannot buy a fresh allowance.
    keyGenerator: (request) =>
      request.principal === null ? `address ${request.ip}` : `token ${request.principal.id}`,
    errorResponseBuilder: (_request, { after }) =>
      new Fault(
        'too_many_requests',
        `More requests than allowed in a minute; try again in ${after}.`,
      ),
  })
  app.addHook('onRequest', app.rateLimit())
  app.addHook('onRequest', authorize)
}

function principalOf(parts: ApiParts, header: string | undefined): Principal | null {
  if (header === undefined || header.length > tokenLengthMax) return null
  const token = bearer.exec(header)?.[1]
  if (token === undefined) return null
  const hash = hashSecret(token)
  if (parts.adminTokenHash !== null && equalSecret(hash, parts.adminTokenHash)) {
    return { id: settingsTokenId, role: 'admin' }
  }
  const known = parts.view.tokenByHash(hash)
  return known === undefined ? null : { id: known.id, role: known.role }
}

/** Throws 401 (RFC 6750 §3) when nobody known asks, 403 when somebody known may not. */
async function authorize(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.is404) return
  const needed = request.routeOptions.config.role
  if (needed === 'open') return
  const { principal } = request
  if (principal === null || needed === undefined) {
    const sent = request.headers.authorization !== undefined
    const error = sent ? ', error="invalid_token"' : ''
    void reply.header('www-authenticate', `Bearer realm="bellwether"${error}`)
    throw new Fault(
      'unauthorized',
      sent
        ? `authorization: this token is not known here; ${howToMakeOne}.`
        : `authorization: send "Authorization: Bearer <token>"; ${howToMakeOne}.`,
      { field: 'authorization' },
    )
  }
  if (!roleAllows(principal.role, needed)) {
    void reply.header('www-authenticate', 'Bearer realm="bellwether", error="insufficient_scope"')
    throw new Fault(
      'forbidden',
      `authorization: this needs role ${needed}; the token has role ${principal.role}.`,
      { field: 'authorization' },
    )
  }
}

/** The one who asks, on a route that is not open. */
export function principalOn(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('An open route asked who is there.')
  return request.principal
}
