/** Turns what a schema objects to into one sentence per field, for people who do not read zod. */

import type { z } from 'zod'
import { Fault } from '../../domain/errors.ts'

/** The common part of zod's own issues and of those that come through the framework. */
export interface Issue {
  message?: string | undefined
  /** zod */
  code?: string | undefined
  path?: readonly PropertyKey[] | undefined
  keys?: readonly string[] | undefined
  errors?: readonly (readonly Issue[])[] | undefined
  expected?: string | undefined
  values?: readonly unknown[] | undefined
  /** Of a union that one field decides: what this may be. */
  options?: readonly unknown[] | undefined
  origin?: string | undefined
  minimum?: number | bigint | undefined
  maximum?: number | bigint | undefined
  inclusive?: boolean | undefined
  divisor?: number | undefined
  pattern?: string | undefined
  format?: string | undefined
  /** framework */
  keyword?: string | undefined
  instancePath?: string | undefined
  params?: unknown
}

export interface Told {
  detail: string
  field: string
}

const toldMax = 5

/** `part` decides the words: a field of the body, or a parameter of the query or the path. */
export function tellIssues(issues: readonly Issue[], part: 'body' | 'query'): Told {
  const told = issues.flatMap((issue) => tell(plain(issue), [], part))
  const shown = told.slice(0, toldMax).map(({ field, reason }) => `${field}: ${reason}`)
  if (told.length > toldMax) shown.push(`and ${told.length - toldMax} more`)
  return { detail: `${shown.join('; ')}.`, field: told[0]?.field ?? part }
}

/** The value in the shape of the schema, or a fault that names each field. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const told = tellIssues(result.error.issues, 'body')
  throw new Fault('bad_request', told.detail, { field: told.field })
}

/** One form for both sources. */
function plain(issue: Issue): Issue {
  if (issue.instancePath === undefined) return issue
  const path = issue.instancePath.split('/').filter((step) => step !== '')
  const params = (issue.params ?? {}) as Partial<Issue>
  return { ...params, code: issue.keyword, path, message: issue.message }
}

function tell(
  issue: Issue,
  above: readonly PropertyKey[],
  part: 'body' | 'query',
): { field: string; reason: string }[] {
  const path = [...above, ...(issue.path ?? [])]
  const field = path.length === 0 ? part : path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const plainly = part === 'body' ? 'is not a known field' : 'is not a known parameter'
    const what = issue.message?.startsWith('is not') ? issue.message : plainly
    return (issue.keys ?? []).map((key) => ({ field: [...path, key].join('.'), reason: what }))
  }
  const branches = issue.code === 'invalid_union' ? (issue.errors ?? []) : []
  const kindsAllowed = branches.map(kindOf)
  if (kindsAllowed.length > 0 && kindsAllowed.every((kind) => kind !== null)) {
    return [{ field, reason: `must be ${[...new Set(kindsAllowed)].join(' or ')}` }]
  }
  const branch = bestBranch(branches)
  if (branch !== undefined) return branch.flatMap((inner) => tell(inner, path, part))
  return [{ field, reason: reasonOf(issue, part, path.length) }]
}

/** What an alternative of a union would take, when the value is of another kind altogether; null otherwise. */
function kindOf(issues: readonly Issue[]): string | null {
  const [issue, ...more] = issues
  if (issue?.code !== 'invalid_type' || (issue.path ?? []).length > 0 || more.length > 0)
    return null
  if (issue.message?.endsWith('received undefined') === true) return null
  return kinds[issue.expected ?? ''] ?? null
}

/** Of the alternatives of a union, the one that the value comes closest to: it fails deepest inside. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (issues: readonly Issue[]) =>
    Math.max(
      0,
      ...issues.map((i) => (i.path?.length ?? 0) * 2 + (i.code === 'invalid_type' ? 0 : 1)),
    )
  return [...branches].sort((a, b) => depth(b) - depth(a))[0]
}

function reasonOf(issue: Issue, part: 'body' | 'query', depth: number): string {
  const message = issue.message ?? ''
  if (message.endsWith('received undefined')) return 'is required'
  if (depth === 0 && message.endsWith('received null')) return 'is required'
  if (part === 'query' && message.endsWith('received array')) return 'may be given only once'
  // What a schema of ours says in its own words is told as it is.
  if (message !== '' && !/^(Invalid|Too (small|big))\b/.test(message)) {
    return message.replace(/\.$/, '')
  }
  return ruleOf(issue)
}

/** What would be right, in place of the validator's sentence. */
function ruleOf({ code, expected, origin, minimum, maximum, ...issue }: Issue): string {
  switch (code) {
    case 'invalid_type':
      return `must be ${kinds[expected ?? ''] ?? expected ?? 'of another kind'}`
    case 'invalid_value':
      return `must be ${oneOf(issue.values ?? [])}`
    case 'invalid_union':
      return issue.options === undefined ? 'is not allowed' : `must be ${oneOf(issue.options)}`
    case 'too_small':
      return bound(origin, 'at least', minimum, issue.inclusive)
    case 'too_big':
      return bound(origin, 'at most', maximum, issue.inclusive)
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`
    case 'invalid_format':
      return formOf(issue)
    default:
      return 'is not allowed'
  }
}

/** A pattern of ours is short enough to be shown; that of a time fills a page. */
function formOf({ format, pattern }: Pick<Issue, 'format' | 'pattern'>): string {
  if (format === 'datetime') {
    return 'must be an RFC 3339 time with its zone, such as 2026-11-21T08:00:00Z'
  }
  return pattern === undefined ? 'is not in the right form' : `must match ${pattern}`
}

const kinds: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text in quotes',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

const valuesShown = 20

function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, valuesShown).map((value) => JSON.stringify(value))
  if (values.length > valuesShown) shown.push(`… (${values.length} in all)`)
  return shown.length === 1 ? String(shown[0]) : `one of ${shown.join(', ')}`
}

function bound(
  origin: string | undefined,
  than: 'at least' | 'at most',
  limit: number | bigint | undefined,
  inclusive: boolean | undefined,
): string {
  const amount = String(limit)
  if (origin === 'string') return `must have ${than} ${amount} characters`
  if (origin === 'array' || origin === 'set') return `must hold ${than} ${amount} items`
  if (origin === 'object') return `must hold ${than} ${amount} fields`
  if (inclusive !== false) return `must be ${than} ${amount}`
  return `must be ${than === 'at least' ? 'more' : 'less'} than ${amount}`
}
