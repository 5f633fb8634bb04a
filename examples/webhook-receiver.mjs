// Takes webhooks (Standard Webhooks 1.0.0): node webhook-receiver.mjs PORT SECRET
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const [port, secret = ''] = process.argv.slice(2)
const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
const ageSecondsMax = 300
const bodyBytesMax = 256 * 1024

/** Ids of the last messages. A message may come twice, with the same id: an incident is opened once. */
const seen = new Set()
function isNews(id) {
  if (seen.has(id)) return false
  seen.add(id)
  if (seen.size > 10_000) seen.delete(seen.values().next().value)
  return true
}

/** Signed is `id.timestamp.body`, byte for byte as it came: parse it only afterwards. */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = headers
  if (!id || !given || !(Math.abs(Date.now() / 1000 - Number(timestamp)) <= ageSecondsMax))
    return false
  const right = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  // More than one signature may be given, for instance while a secret is exchanged.
  return given.split(' ').some((one) => {
    const bytes = Buffer.from(one.replace(/^v1,/, ''), 'base64')
    return bytes.length === right.length && timingSafeEqual(bytes, right)
  })
}

const server = createServer((request, response) => {
  const chunks = []
  let bytes = 0
  request.on('data', (chunk) => {
    bytes += chunk.length
    if (bytes > bodyBytesMax) request.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    if (!isGenuine(request.headers, body)) {
      response.writeHead(401).end()
      return
    }
    // Answer first, work afterwards: a receiver that takes long is asked again.
    response.writeHead(204).end()
    if (!isNews(request.headers['webhook-id'])) return
    const { type, data } = JSON.parse(body)
    console.log(`${type} ${data.alert.level}: ${data.alert.summary.en}`)
  })
})
server.listen(Number(port), () => console.log(`listening on ${server.address().port}`))
