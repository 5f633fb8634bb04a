/**
 * Each request of a known person that changes something leaves one entry in the audit trail, done or refused,
 * before its answer is sent. When the entry can not be written the answer is an error: no change goes unseen.
 */

import type { ApiParts, App } from './context.ts'

export function installAudit(app: App, { registry, ports }: Pick<ApiParts, 'registry' | 'ports'>) {
  app.decorateRequest('target', null)
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
  app.addHook('onSend', async (request, reply, payload) => {
    const { principal, routeOptions } = request
    const action = routeOptions.config.action
    // An error of this very hook comes by here again.
    if (action === undefined || principal === null || request.audited) return payload
    request.audited = true
    const [kind] = action.split('.')
    await registry.audit({
      at: ports.clock.now(),
      actor: principal.id,
      action,
      target: [kind, request.target ?? idInPath(request.params)].filter(Boolean).join('/'),
      result: reply.statusCode < 400 ? 'done' : 'refused',
      from: request.ip,
    })
    return payload
  })
}

function idInPath(params: unknown): string {
  const id = (params as { id?: unknown } | null | undefined)?.id
  return typeof id === 'string' ? id.slice(0, 200) : ''
}
