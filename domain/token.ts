/** API tokens and what their roles may do. */

import { z } from 'zod'
import { idSchema } from './text.ts'

/** Each role may do what those before it may: read; acknowledge and silence; everything. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

export const tokenSchema = z
  .strictObject({ id: idSchema, role: z.enum(roles), description: z.string().max(200).default('') })
  .meta({ id: 'Token' })

export type Token = z.infer<typeof tokenSchema>

export function roleAllows(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed)
}
