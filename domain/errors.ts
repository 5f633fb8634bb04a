/**
 * Every error that a person outside can meet, in one registry: its code, its HTTP status, its title.
 * `kept` marks faults of the world: the work stays where it is and is tried again.
 */

export const faults = {
  bad_request: { status: 400, title: 'The request is not well formed', kept: false },
  unauthorized: { status: 401, title: 'A valid token is needed', kept: false },
  forbidden: { status: 403, title: 'The token may not do this', kept: false },
  not_found: { status: 404, title: 'There is no such thing', kept: false },
  method_not_allowed: { status: 405, title: 'This path does not know the method', kept: false },
  not_acceptable: { status: 406, title: 'No form that is asked for can be given', kept: false },
  conflict: { status: 409, title: 'It exists already or conflicts', kept: false },
  precondition_failed: { status: 412, title: 'It is not as the request expects', kept: false },
  payload_too_large: { status: 413, title: 'The body is too large', kept: false },
  unsupported_media_type: {
    status: 415,
    title: 'This content type is not understood',
    kept: false,
  },
  impossible: { status: 422, title: 'Understood, but it can not be done', kept: false },
  too_many_requests: { status: 429, title: 'Too many requests', kept: false },
  internal: { status: 500, title: 'Something went wrong here', kept: false },
  unavailable: { status: 503, title: 'Not available now', kept: true },
  journal_full: { status: 503, title: 'The journal has reached its size limit', kept: true },
  journal_unwritable: { status: 503, title: 'The journal can not be written', kept: true },
  store_unavailable: { status: 503, title: 'A store can not be reached', kept: true },
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
