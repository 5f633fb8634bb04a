/** Our signatures against published vectors and against the reference library. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { signatureOf } from '../../../alerts/notify/sign.ts'

interface Vector {
  id: string
  secret: string
  webhook_id: string
  timestamp: number
  body: string
  expect_signature: string
}
const file = new URL('../../cases/webhooks.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }

describe('signatures of Standard Webhooks', () => {
  test.each(vectors)('$id', (vector) => {
    const { webhook_id: id, timestamp: timestampSeconds, body } = vector
    expect(signatureOf(vector.secret, { id, timestampSeconds, body })).toBe(vector.expect_signature)
  })

  test('are what the reference library makes and takes', () => {
    const secrets = fc
      .uint8Array({ minLength: 24, maxLength: 64 })
      .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
    const bodies = fc.string({ unit: 'grapheme', maxLength: 200 })
    fc.assert(
      fc.property(secrets, fc.uuid(), bodies, (secret, id, body) => {
        const timestampSeconds = Math.floor(Date.now() / 1_000)
        const signature = signatureOf(secret, { id, timestampSeconds, body })
        const oracle = new Webhook(secret)
        expect(signature).toBe(oracle.sign(id, new Date(timestampSeconds * 1_000), body))
        const headers = {
          'webhook-id': id,
          'webhook-timestamp': String(timestampSeconds),
          'webhook-signature': signature,
        }
        const message = JSON.stringify({ body })
        const over = { ...headers, 'webhook-signature': '' }
        over['webhook-signature'] = signatureOf(secret, { id, timestampSeconds, body: message })
        expect(oracle.verify(message, over)).toEqual({ body })
        expect(() => oracle.verify(`${message} `, over)).toThrow()
      }),
      { numRuns: 200 },
    )
  })
})
