/**
 * Secrets: how tokens are made, kept and compared, the same way in every role.
 *
 * Secrets are long and random, so that one SHA-256 is enough: slow hashes are for what people make up.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../domain/ports.ts'

const secretBytes = 32

/** `prefix` and 32 random bytes in base64url (43 characters), such as `bw_…`. Show it once, keep its hash. */
export function newSecret(random: Random, prefix: string): string {
  return prefix + Buffer.from(random.bytes(secretBytes)).toString('base64url')
}

/** SHA-256 of the secret's UTF-8, 64 hexadecimal digits in lower case: what the registry keeps. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

/** Whether both are the same, in a time that tells neither where they differ nor how long the right one is. */
export function equalSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

/** Equal lengths for `timingSafeEqual`, whatever the caller was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
