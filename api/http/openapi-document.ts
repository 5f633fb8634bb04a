/**
 * The description as the commonest generators of clients understand it. It says the same as the schemas that check:
 * tuples as lists of a length, what has no body without content, a name for each body and answer, and no default where
 * it is an object (generators drop the operation).
 */

export interface Schema {
  $ref?: string
  type?: unknown
  title?: string
  required?: string[]
  properties?: Record<string, Schema>
  items?: unknown
  prefixItems?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  default?: unknown
  description?: string
  minItems?: number
  maxItems?: number
  [keyword: string]: unknown
}

/** Alternatives of a form, made from its schema; each has a title. */
export type BodyForms = (form: Schema) => readonly Schema[]

type Content = Record<string, { schema?: Schema }>

interface Operation {
  operationId?: string
  parameters?: { schema?: Schema }[]
  requestBody?: { content: Content }
  responses?: Record<string, { description?: string; content?: Content }>
}

export interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; [part: string]: unknown }
}

const jsonType = 'application/json'
const componentPrefix = '#/components/schemas/'
const problem = {
  description: 'What is wrong (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: `${componentPrefix}Problem` } } },
}

/** Changes the document in place. */
export function forGenerators(document: Document): Document {
  const { schemas } = document.components
  walk(document as unknown as Schema, plainly)
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      nameForms(operation, schemas)
      describeAnswers(operation)
    }
  }
  dropUnused(document)
  return document
}

function describeAnswers(operation: Operation): void {
  const { 204: none } = operation.responses ?? {}
  if (none !== undefined) delete none.content
  // Each operation may also answer a problem.
  operation.responses = { ...operation.responses, default: problem }
}

function walk(node: unknown, visit: (schema: Schema) => void): void {
  if (typeof node !== 'object' || node === null) return
  for (const child of Object.values(node)) walk(child, visit)
  if (!Array.isArray(node)) visit(node as Schema)
}

function plainly(schema: Schema): void {
  if (Array.isArray(schema.prefixItems)) {
    const kinds = new Map(schema.prefixItems.map((item) => [JSON.stringify(item), item]))
    const [only] = kinds.values()
    schema.items = kinds.size === 1 ? only : { anyOf: [...kinds.values()] }
    schema.minItems = schema.prefixItems.length
    schema.maxItems = schema.prefixItems.length
    delete schema.prefixItems
  }
  if (typeof schema.default === 'object' && schema.default !== null && isSchema(schema)) {
    const unlessGiven = `Unless given: \`${JSON.stringify(schema.default)}\``
    schema.description = [schema.description, unlessGiven].filter(Boolean).join('. ')
    delete schema.default
  }
}

/** `default` is also the name of an answer. */
function isSchema(schema: Schema): boolean {
  return ['type', '$ref', 'anyOf', 'oneOf', 'allOf'].some((key) => Object.hasOwn(schema, key))
}

function nameForms(operation: Operation, schemas: Record<string, Schema>): void {
  const { operationId = '' } = operation
  const own = operationId.charAt(0).toUpperCase() + operationId.slice(1)
  const body = operation.requestBody?.content[jsonType]
  if (body?.schema !== undefined) {
    const forms = body.schema.anyOf?.map((form) => named(form, `${own}${form.title}`, schemas))
    const whole = forms === undefined ? body.schema : { ...body.schema, anyOf: forms }
    body.schema = named(whole, `${own}Body`, schemas)
  }
  for (const [status, { content }] of Object.entries(operation.responses ?? {})) {
    const answer = content?.[jsonType]
    if (answer?.schema === undefined || status === '204') continue
    answer.schema = named(answer.schema, pageName(answer.schema) ?? `${own}Answer`, schemas)
  }
}

/** Of `{items: [<named>], next}`. */
function pageName({ properties }: Schema): string | undefined {
  const item = (properties?.items?.items as Schema | undefined)?.$ref
  const isPage = item !== undefined && properties?.next !== undefined
  return isPage ? `${item.slice(componentPrefix.length)}Page` : undefined
}

function named(schema: Schema, name: string, schemas: Record<string, Schema>): Schema {
  if (
    schema.$ref !== undefined ||
    (schema.properties ?? schema.oneOf ?? schema.anyOf) === undefined
  ) {
    return schema
  }
  const known = schemas[name]
  const isOther = known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)
  if (isOther) throw new Error(`Two forms of the description are called ${name}.`)
  schemas[name] = schema
  return { $ref: componentPrefix + name }
}

/** Without the schemas that nothing refers to, such as input forms of what is only answered. */
function dropUnused({ paths, components: { schemas } }: Document): void {
  for (;;) {
    const text = JSON.stringify([paths, schemas])
    const unused = Object.keys(schemas).filter(
      (name) => !text.includes(`"${componentPrefix}${name}"`),
    )
    if (unused.length === 0) return
    for (const name of unused) delete schemas[name]
  }
}
