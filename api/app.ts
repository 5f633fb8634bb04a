/**
 * The HTTP application: limits and safeguards first, then every resource, one line each. What is not listed
 * here does not exist.
 */

import type { Socket } from 'node:net'
import helmet from '@fastify/helmet'
import fastify, { type FastifyError } from 'fastify'
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { Fault } from '../domain/errors.ts'
import type { Random } from '../domain/ports.ts'
import { installAudit as installAuditHook } from './http/audit-hook.ts'
import { installAuth } from './http/auth.ts'
import type { ApiContext, App } from './context.ts'
import type { ApiParts } from './parts.ts'
import { installCursorSeal } from './http/cursor-seal.ts'
import { createEventStreams } from './events/event-streams.ts'
import { newId } from './http/identifiers.ts'
import { installJsonBody } from './http/json-body.ts'
import { installLagHeader } from './http/lag-header.ts'
import { installOpenapi } from './http/openapi.ts'
import { answerProblem, problemOf } from './http/problem-details.ts'
import { installAlerts } from './routes/alerts.ts'
import { installAudit } from './routes/audit.ts'
import { installDeliveries } from './routes/deliveries.ts'
import { installDevices } from './routes/devices.ts'
import { installEvents } from './routes/events.ts'
import { installHealth } from './routes/health.ts'
import { installImport } from './routes/import.ts'
import { installIndices } from './routes/indices.ts'
import { installLatest } from './routes/latest.ts'
import { installPlacements } from './routes/placements.ts'
import { installProperties } from './routes/properties.ts'
import { installQuality } from './routes/quality.ts'
import { installQualityPlans } from './routes/quality-plans.ts'
import { installQuarantine } from './routes/quarantine.ts'
import { installReadings } from './routes/readings.ts'
import { installRules } from './routes/rules.ts'
import { installSilences } from './routes/silences.ts'
import { installSiteIndices } from './routes/site-indices.ts'
import { installSites } from './routes/sites.ts'
import { installTokens } from './routes/tokens.ts'
import { installWebhooks } from './routes/webhooks.ts'
import { installUnknownPath } from './http/unknown-path.ts'

const headersTimeoutMs = 20_000
const checkEveryMs = 5_000
/** For a whole request, and for a connection on which nothing moves. */
const requestTimeoutMs = 120_000
/** Percent-encoded; an id has 128 characters at most. */
const pathPartMax = 2_000

export async function createApp(parts: ApiParts): Promise<App> {
  const app = createServer(parts)
  const { view, latest, sites } = parts
  const streams = createEventStreams(parts, latest)
  const context: ApiContext = { ...parts, streams }
  const series = { view, latest, sites }
  app.addHook('preClose', async () => {
    streams.close()
  })

  await installSafeguards(app, parts)
  await installOpenapi(app)

  installHealth(app, context)
  installSites(app, context)
  installDevices(app, context)
  installPlacements(app, context)
  installImport(app, context)
  installProperties(app)
  installLatest(app, context, series)
  installReadings(app, context, series)
  installQuarantine(app, context)
  installQuality(app)
  installQualityPlans(app, context)
  installIndices(app, context)
  installSiteIndices(app, context, series)
  installRules(app, context)
  installAlerts(app, context)
  installSilences(app, context)
  installWebhooks(app, context)
  installDeliveries(app, context)
  installEvents(app, context)
  installTokens(app, context)
  installAudit(app, context)
  return app
}

async function installSafeguards(app: App, parts: ApiParts): Promise<void> {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) =>
    answerProblem(error, request, reply, parts.ports.log),
  )
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' })
  })
  await app.register(helmet, {
    // Whether there is TLS in front of us is for whoever put it there to say.
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  })
  installMeter(app, parts)
  installLagHeader(app, parts)
  installUnknownPath(app)
  installCursorSeal(app)
  installJsonBody(app)
  installAuditHook(app, parts)
  await installAuth(app, parts)
}

function createServer({ config, ports }: ApiParts): App {
  return fastify({
    logger: false,
    // A forged X-Forwarded-For must not buy a fresh allowance; limits and audit use the socket's address.
    trustProxy: false,
    requestIdHeader: false,
    genReqId: () => newId(ports.random),
    bodyLimit: config.apiBodyBytesMax,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: checkEveryMs },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: pathPartMax },
    frameworkErrors: (error, request, reply) => {
      void answerProblem(error, request, reply, ports.log)
    },
    clientErrorHandler: (error, socket) => answerBroken(error, socket, ports.random),
  }).withTypeProvider<ZodTypeProvider>()
}

function installMeter(app: App, { ports }: ApiParts): void {
  const observe = ports.meter.histogram(
    'bellwether_api_request_seconds',
    'Time from the head of a request to the end of its answer.',
    ['method', 'route', 'status'],
  )
  app.addHook('onResponse', async (request, reply) => {
    observe(reply.elapsedTime / 1_000, {
      method: request.method,
      route: request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown'),
      status: String(reply.statusCode),
    })
  })
}

/** What is not even HTTP, or too large or too slow in its head. */
function answerBroken(error: FastifyError | Error, socket: Socket, random: Random): void {
  const code = (error as { code?: string }).code
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const fault = new Fault('bad_request', 'The request is not valid HTTP.')
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  const problem = {
    ...problemOf(fault),
    status: Number(status.slice(0, 3)),
    request: newId(random),
  }
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  // Whoever does not close must not keep the descriptor.
  socket.destroySoon()
}
