#!/usr/bin/env bash
# @influxdata/influxdb-client 1.35.0: an answer is decoded by the `accept` that was sent, not by what the answer is.
#
# Behaviour: the same JSON (content-type application/json) comes out as an object, as a string or as a Buffer, after the
#   request's `accept`; and text (content-type text/plain) is parsed as JSON when JSON was asked for: the request fails
#   with a SyntaxError although the server answered 200.
# Expected: RFC 9110 §8.3: the content type says how content is to be read; §12.5.1: `accept` is a preference, and a
#   server may answer with another type. /metrics and /ping of InfluxDB and proxies before it do so.
# Whom it touches: whoever asks more than one kind of path with one set of headers, or runs InfluxDB behind a proxy that
#   answers in text.
# What Bellwether does: `accept` belongs to each request, and what is no JSON counts as an answer without a body, with its
#   status (stores/readings/influx/http/client.ts, start-mark.ts); test/servers/influx/faults.test.ts.
# Needs: node 20, npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" @influxdata/influxdb-client@1.35.0
cat >"$dir/see.mjs" <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { InfluxDB } from '@influxdata/influxdb-client'

const answers = { '/json': ['application/json', '{"up":1}'], '/text': ['text/plain', 'up 1\n'] }
const server = createServer((request, response) => {
  const [type, body] = answers[request.url]
  response.writeHead(200, { 'content-type': type }).end(body)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const { transport } = new InfluxDB({ url: `http://127.0.0.1:${server.address().port}` })

async function kindOf(path, accept) {
  const got = await transport
    .request(path, '', { method: 'GET', headers: { accept } })
    .then((body) => (Buffer.isBuffer(body) ? 'Buffer' : typeof body), (error) => error.name)
  console.log(`content-type ${answers[path][0]}, accept ${accept}: ${got}`)
  return got
}

const seen = [
  await kindOf('/json', 'application/json'),
  await kindOf('/json', 'text/plain'),
  await kindOf('/json', '*/*'),
  await kindOf('/text', 'text/plain'),
  await kindOf('/text', 'application/json'),
]
const same = seen.join() === 'object,string,Buffer,string,SyntaxError'
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
