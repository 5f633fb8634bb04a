import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { equalSecret, hashSecret, newSecret } from '../runtime/secret.ts'

const random = { bytes: (count: number) => randomBytes(count), fraction: () => 0 }

describe('secrets', () => {
  test('a new secret has the prefix and 32 bytes in base64url', () => {
    const bytes = new Uint8Array(32).fill(0xff)
    const secret = newSecret({ bytes: () => bytes, fraction: () => 0 }, 'bw_')
    expect(secret).toBe(`bw_${Buffer.from(bytes).toString('base64url')}`)
    expect(secret).toHaveLength(46)
    expect(newSecret(random, 'bw_')).toMatch(/^bw_[A-Za-z0-9_-]{43}$/)
    expect(newSecret(random, 'bw_')).not.toBe(newSecret(random, 'bw_'))
  })

  test('the hash is SHA-256 in lower-case hexadecimal', () => {
    // FIPS 180-4, example "abc".
    expect(hashSecret('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(hashSecret('口令🔑')).toMatch(/^[0-9a-f]{64}$/)
  })

  test('comparing accepts only the same text, of any length', () => {
    expect(equalSecret('bw_abc', 'bw_abc')).toBe(true)
    expect(equalSecret('', '')).toBe(true)
    expect(equalSecret('bw_abc', 'bw_abd')).toBe(false)
    expect(equalSecret('bw_abc', 'bw_abcd')).toBe(false)
    expect(equalSecret('', 'a')).toBe(false)
  })
})
