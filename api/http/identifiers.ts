/** Identifiers for things that nobody named: short, random, safe in every URL. */

import type { Random } from '../../domain/ports.ts'

/** 16 hexadecimal digits. */
export function newId(random: Random): string {
  return Buffer.from(random.bytes(8)).toString('hex')
}
