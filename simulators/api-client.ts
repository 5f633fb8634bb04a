/** The few calls the simulators make on the HTTP API, with the server's own words when it says no. */

/** The server said no, or cannot be reached. */
export class ApiRefusal extends Error {
  /** HTTP status, or 0 when there was no answer. */
  readonly status: number
  /** A text code marks an error whose message is enough; the command line shows no stack for it. */
  readonly code = 'API_REFUSED'

  constructor(status: number, detail: string) {
    super(detail)
    this.name = 'ApiRefusal'
    this.status = status
  }
}

export interface ApiClient {
  readonly url: string
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
  put(path: string, body: unknown): Promise<unknown>
  remove(path: string): Promise<unknown>
  /** Lines of JSON, one object each. */
  postLines(path: string, lines: readonly object[]): Promise<unknown>
}

const timeoutMs = 60_000

export interface ApiClientOptions {
  /** The server's, such as `http://127.0.0.1:8080`; paths are relative to `/api/v1`. */
  url: string
  token: string
  /** Aborting it ends what is under way. */
  signal: AbortSignal
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const url = options.url.replace(/\/+$/, '')

  async function call(method: string, path: string, body?: { type: string; text: string }) {
    const headers: Record<string, string> = { authorization: `Bearer ${options.token}` }
    if (body !== undefined) headers['content-type'] = body.type
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      body: body?.text ?? null,
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), options.signal]),
    }).catch((error: unknown) => {
      throw new ApiRefusal(0, `${url} cannot be reached: ${reasonOf(error)}`)
    })
    const text = await response.text().catch((error: unknown) => {
      throw new ApiRefusal(0, `${url} did not finish its answer: ${reasonOf(error)}`)
    })
    const answer: unknown = text === '' ? null : parsed(text)
    if (response.ok) return answer
    const said = stringField(answer, 'detail') ?? stringField(answer, 'title') ?? text.slice(0, 200)
    throw new ApiRefusal(response.status, `${method} ${path}: ${response.status} ${said}`)
  }

  const json = (body: unknown) => ({ type: 'application/json', text: JSON.stringify(body) })
  return {
    url,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, json(body)),
    put: (path, body) => call('PUT', path, json(body)),
    remove: (path) => call('DELETE', path),
    postLines: (path, lines) =>
      call('POST', path, {
        type: 'application/x-ndjson',
        text: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      }),
  }
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's page, say; the caller shows its beginning.
    return text
  }
}

/** A field of an answer, or undefined when the answer has no such field of that form. */
export function field(answer: unknown, name: string): unknown {
  if (typeof answer !== 'object' || answer === null) return undefined
  return Object.entries(answer).find(([key]) => key === name)?.[1]
}

export function stringField(answer: unknown, name: string): string | undefined {
  const value = field(answer, name)
  return typeof value === 'string' ? value : undefined
}

export function listField(answer: unknown, name: string): unknown[] {
  const value = field(answer, name)
  return Array.isArray(value) ? value : []
}
