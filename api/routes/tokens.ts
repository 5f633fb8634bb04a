/** `/tokens`: tokens of this API. The token itself is answered once; only its hash is kept. */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { roles, type Token, tokenSchema } from '../../domain/token.ts'
import { hashSecret, newSecret } from '../../runtime/secret.ts'
import { settingsTokenId } from '../http/auth.ts'
import { installCollection } from '../registry/collection.ts'
import type { ApiContext, App } from '../context.ts'

const apiTokenPrefix = 'bwt_'
const filters = z.strictObject({ role: z.enum(roles).optional() })

export function installTokens(app: App, context: ApiContext): void {
  installCollection<'token', Token, { role?: string }>(app, context, {
    kind: 'token',
    path: '/tokens',
    tag: 'Tokens',
    noun: 'token',
    input: tokenSchema,
    makesId: true,
    read: 'admin',
    write: 'admin',
    form: tokenSchema,
    revealed: { token: 'The token; answered once' },
    filters,
    matches: ({ role }, token) => role === undefined || token.role === role,
    complete(input, existing) {
      if (input.id === settingsTokenId) {
        throw new Fault('impossible', `id: "${settingsTokenId}" is the token of the settings.`, {
          field: 'id',
        })
      }
      if (existing !== undefined) return { item: { ...input, hash: existing.hash } }
      const token = newSecret(context.ports.random, apiTokenPrefix)
      return { item: { ...input, hash: hashSecret(token) }, reveal: { token } }
    },
    toJson: (tokens) => tokens.map(({ id, role, description }) => ({ id, role, description })),
  })
}
