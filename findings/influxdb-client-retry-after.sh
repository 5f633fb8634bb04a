#!/usr/bin/env bash
# @influxdata/influxdb-client 1.35.0: `Retry-After: 2` is waited for as 2 milliseconds, and a date as no time at all.
#
# Behaviour: the delay of a retry is taken from the header of 429 and 503 with the number unchanged, while the client
#   counts delays in milliseconds: the write comes again at once, long before two seconds are over.
#   A date gives 0 (the header is ignored).
# Expected: RFC 9110 §10.2.3: a number is in seconds, or an HTTP date. The client's own types say that `retryAfter()` of
#   an error is the delay in milliseconds.
# Whom it touches: whoever writes with this client to an InfluxDB that asks for patience (InfluxDB Cloud's limits, a cache
#   that is full): the retries are spent within moments and the batch is given up.
# What Bellwether does: it does not use the client's write buffer; it reads the header itself, both forms, and waits
#   (stores/readings/influx/write/outcome.ts; test/stores/readings/influx/outcome.test.ts).
# Needs: node 20, npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" @influxdata/influxdb-client@1.35.0
cat >"$dir/see.mjs" <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { HttpError, InfluxDB, setLogger } from '@influxdata/influxdb-client'

setLogger({ warn() {}, error() {} })
const times = []
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    times.push(performance.now())
    if (times.length === 1) response.writeHead(429, { 'retry-after': '2' }).end()
    else response.writeHead(204).end()
  })
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const influx = new InfluxDB({ url: `http://127.0.0.1:${server.address().port}`, token: 't' })
const writer = influx.getWriteApi('org', 'bucket', 'ms', { flushInterval: 0, retryJitter: 0 })
writer.writeRecord('air pm25=12 1700000000000')
await writer.flush().catch(() => undefined)
await pause(3000)

const waitedMs = times.length < 2 ? Number.NaN : Math.round(times[1] - times[0])
const date = new Date(Date.now() + 60_000).toUTCString()
const ofDate = new HttpError(503, 'Service Unavailable', '', date).retryAfter()
console.log(`asked to wait 2 s: the write came again after ${waitedMs} ms`)
console.log(`asked to wait until a date one minute ahead: the delay is ${ofDate} ms`)
const same = waitedMs < 1000 && ofDate === 0
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
