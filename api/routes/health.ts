/**
 * `/healthz`, `/readyz`, `/metrics`: for supervisors, load balancers and Prometheus. They hold no secrets and
 * need no token; the default bind to 127.0.0.1 keeps them on this machine.
 */

import { z } from 'zod'
import type { ApiContext, App } from '../context.ts'

const readyForm = z.strictObject({
  ready: z.boolean(),
  reasons: z.array(z.string()),
  lag: z.number().nullable(),
  stages: z.record(z.string(), z.unknown()),
})

export function installHealth(app: App, { monitor }: ApiContext): void {
  app.get('/healthz', {
    config: { role: 'open' },
    schema: {
      tags: ['Health'],
      operationId: 'getHealth',
      summary: 'Alive',
      response: { 200: z.strictObject({ status: z.literal('ok') }) },
    },
    handler: () => ({ status: 'ok' as const }),
  })
  app.get('/readyz', {
    config: { role: 'open' },
    schema: {
      tags: ['Health'],
      operationId: 'getReadiness',
      summary: 'Able to accept and to keep, with the lag of each stage',
      response: { 200: readyForm, 503: readyForm },
    },
    handler: async (_request, reply) => {
      const health = await monitor.health()
      if (!health.ready) void reply.header('retry-after', '5')
      return reply.code(health.ready ? 200 : 503).send(health)
    },
  })
  app.get('/metrics', {
    config: { role: 'open' },
    schema: {
      tags: ['Health'],
      operationId: 'getMetrics',
      summary: 'Figures in Prometheus text format',
      response: {
        200: { description: 'Prometheus text', content: { 'text/plain': { schema: z.string() } } },
      },
    },
    handler: async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .serializer(String)
        .send(await monitor.metrics()),
  })
}
