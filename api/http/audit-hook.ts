/**
 * Each request of a known person that changes something leaves one entry in the audit trail, done or refused. It is
 * written down before the change is made, and ended before the answer is sent: no change goes unseen, whether the
 * process is killed, the trail cannot be written, or whoever asked hangs up.
 */

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuditEntry } from '../../stores/records/registry.ts'
import type { App } from '../context.ts'
import type { ApiParts } from '../parts.ts'

type AuditParts = Pick<ApiParts, 'registry' | 'ports'>

export function installAudit(app: App, { registry, ports }: AuditParts): void {
  app.decorateRequest('target', null)
  app.decorateRequest('origin', '')
  app.decorateRequest('begunAudit', null)
  app.decorateRequest('audited', false)
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat()
    const changes = methods.some((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method))
    if (changes && route.config?.action === undefined && route.config?.computes !== true) {
      throw new Error(
        `The route ${methods.join()} ${route.url} changes something and names no action.`,
      )
    }
  })
  // A socket that has been reset has no address any more, unless it was asked for it while it was open.
  app.server.on('connection', (socket) => void socket.remoteAddress)
  app.addHook('onRequest', async (request) => {
    request.origin = request.ip ?? 'unknown'
  })
  app.addHook('preHandler', async (request) => {
    const change = changeOf(request, ports.clock.now())
    if (change !== null) request.begunAudit = await registry.beginAudit(change)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const change = changeOf(request, ports.clock.now())
    // An error of this very hook comes by here again.
    if (change === null || request.audited) return payload
    request.audited = true
    const entry = { ...change, result: resultOf(request, reply) }
    if (request.begunAudit === null) await registry.audit(entry)
    else await registry.endAudit(request.begunAudit, entry)
    return payload
  })
}

function changeOf(request: FastifyRequest, at: number): Omit<AuditEntry, 'result'> | null {
  const { principal, origin: from } = request
  const { action } = request.routeOptions.config
  if (action === undefined || principal === null) return null
  const [kind] = action.split('.')
  const target = [kind, request.target ?? idIn(request.params) ?? idIn(request.body)]
  return { at, actor: principal.id, action, target: target.filter(Boolean).join('/'), from }
}

/** A fault of ours in the middle of a change leaves open whether it was made. */
function resultOf(
  { begunAudit }: FastifyRequest,
  { statusCode }: FastifyReply,
): AuditEntry['result'] {
  if (statusCode < 400) return 'done'
  return statusCode >= 500 && begunAudit !== null ? 'unknown' : 'refused'
}

function idIn(given: unknown): string | undefined {
  const id = (given as { id?: unknown } | null | undefined)?.id
  return typeof id === 'string' ? id.slice(0, 200) : undefined
}
