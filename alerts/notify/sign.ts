/** Signatures as Standard Webhooks 1.0.0 says: HMAC-SHA256 over `id.timestamp.body`, in base64. */

import { createHmac } from 'node:crypto'

const prefix = 'whsec_'

/** `body` is signed byte for byte as it is sent; `timestampSeconds` is the value of `webhook-timestamp`. */
export function signatureOf(
  secret: string,
  message: { id: string; timestampSeconds: number; body: string },
): string {
  const key = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret
  const content = `${message.id}.${message.timestampSeconds}.${message.body}`
  const hmac = createHmac('sha256', Buffer.from(key, 'base64')).update(content, 'utf8')
  return `v1,${hmac.digest('base64')}`
}
