/**
 * Every answer that is not a success is a problem document (RFC 9457) whose `detail` says which field and why.
 * Faults of our registry are told as they are; anything unexpected becomes a 500 that tells nothing of the inside.
 */

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Fault, type FaultCode, faults } from '../../domain/errors.ts'
import type { Log } from '../../domain/ports.ts'
import { tellIssues } from './validation-messages.ts'

export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    field: z.string().optional(),
    request: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document' })

export type Problem = z.infer<typeof problemSchema>

export const problemType = 'application/problem+json; charset=utf-8'
const retryAfterSeconds = 5

const codeByStatus = new Map<number, FaultCode>([
  [400, 'bad_request'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [406, 'not_acceptable'],
  [412, 'precondition_failed'],
  [413, 'payload_too_large'],
  [415, 'unsupported_media_type'],
  [429, 'too_many_requests'],
  [503, 'unavailable'],
])

export function problemOf(error: unknown): Problem {
  const fault = faultOf(error)
  const { status, title } = faults[fault.code]
  return {
    type: `urn:problem-type:bellwether:${fault.code}`,
    title,
    status,
    detail: fault.message,
    code: fault.code,
    ...fieldOf(fault),
  }
}

/** A detail begins with what it is about: `body: is not UTF-8.` */
function fieldOf({ field, message }: Fault): { field?: string } {
  const named = field ?? /^([\p{L}\w.-]+): /u.exec(message)?.[1]
  return named === undefined ? {} : { field: named }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return shown(error)
  if (hasZodFastifySchemaValidationErrors(error)) {
    const part = (error as { validationContext?: string }).validationContext
    const told = tellIssues(error.validation, part === 'body' ? 'body' : 'query')
    return new Fault('bad_request', told.detail, { field: told.field })
  }
  const status = (error as Partial<FastifyError> | null)?.statusCode ?? 500
  const code = codeByStatus.get(status)
  if (code !== undefined && status < 500) return new Fault(code, frameworkDetail(error, code))
  if (status >= 400 && status < 500) return new Fault('bad_request', frameworkDetail(error, code))
  return hidden()
}

/** Faults of stores name files, and our own mistakes name code: both are for the log. */
function shown(fault: Fault): Fault {
  const { status, title, kept } = faults[fault.code]
  if (status < 500 || fault.code === 'unavailable') return fault
  return kept ? new Fault(fault.code, `${title}; the log says why. Try again later.`) : hidden()
}

function hidden(): Fault {
  return new Fault('internal', 'The request was not carried out. The log has the details.')
}

/** Sentences for what the framework itself refuses; its own would name its inner error codes. */
function frameworkDetail(error: unknown, code: FaultCode | undefined): string {
  const inner = (error as Partial<FastifyError>).code
  if (inner === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return 'content-length: differs from the length of the body.'
  }
  if (inner === 'FST_ERR_BAD_URL') return 'path: is not validly percent-encoded.'
  if (inner === 'FST_ERR_MAX_PARAM_LENGTH') return 'path: a part of it is too long.'
  if (code === 'payload_too_large') return 'body: is larger than this path takes.'
  if (code === 'unsupported_media_type') {
    return 'content-type: this path does not take it; JSON is sent as application/json.'
  }
  return code === undefined
    ? 'The request is not well formed.'
    : `The request was refused: ${faults[code].title}.`
}

/** The error handler of the application. */
export function answerProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  const problem = { ...problemOf(error), request: request.id }
  if (problem.status >= 500) {
    const known = error instanceof Fault && faults[error.code].kept
    const fields = { request: request.id, method: request.method, path: pathOf(request.url), error }
    if (known) log.warn(fields, 'A request could not be served now.')
    else log.error(fields, 'A request failed because of a mistake of ours.')
  }
  if (problem.status === 503 && !reply.hasHeader('retry-after')) {
    void reply.header('retry-after', String(retryAfterSeconds))
  }
  // What the framework refuses by itself has not come by the hooks that set this.
  void reply.header('x-request-id', request.id)
  // A string is sent as it is, so that no response schema of the route gets in the way.
  return reply.code(problem.status).type(problemType).serializer(asIs).send(JSON.stringify(problem))
}

function asIs(payload: unknown): string {
  return String(payload)
}

/** The query is left out of the log. */
export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
