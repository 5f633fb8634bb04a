/**
 * Every error that a person outside can meet, in one registry: its code, its HTTP status, its title (the reason phrase
 * of RFC 9110 where it says it all).
 * `kept` marks faults of the world: the work stays where it is and is tried again.
 */

export const faults = {
  bad_request: { status: 400, title: 'Bad Request', kept: false },
  unauthorized: { status: 401, title: 'Unauthorized', kept: false },
  forbidden: { status: 403, title: 'Forbidden', kept: false },
  not_found: { status: 404, title: 'Not Found', kept: false },
  method_not_allowed: { status: 405, title: 'Method Not Allowed', kept: false },
  not_acceptable: { status: 406, title: 'Not Acceptable', kept: false },
  conflict: { status: 409, title: 'Conflict', kept: false },
  precondition_failed: { status: 412, title: 'Precondition Failed', kept: false },
  payload_too_large: { status: 413, title: 'Content Too Large', kept: false },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported Media Type',
    kept: false,
  },
  impossible: { status: 422, title: 'Unprocessable Content', kept: false },
  too_many_requests: { status: 429, title: 'Too Many Requests', kept: false },
  internal: { status: 500, title: 'Internal Server Error', kept: false },
  unavailable: { status: 503, title: 'Service Unavailable', kept: true },
  journal_full: { status: 503, title: 'The journal has reached its size limit', kept: true },
  journal_unwritable: { status: 503, title: 'The journal cannot be written', kept: true },
  store_unavailable: { status: 503, title: 'A store cannot be reached', kept: true },
  store_too_new: { status: 500, title: 'The data was written by a newer version', kept: false },
} as const

export type FaultCode = keyof typeof faults

/** The one error class: a code of the registry and a detail that says which field and why. */
export class Fault extends Error {
  readonly code: FaultCode
  /** Path of the field at fault, such as `levels.red`. */
  readonly field: string | undefined

  constructor(code: FaultCode, detail: string, options: { field?: string; cause?: unknown } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.field = options.field
  }
}
