/** The health check of the image, as the engine runs it, against servers that are well, ill, silent or away. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from './compose-file.ts'

/** Exit code of the check against a server on this machine. */
async function check(port: number, host = '0.0.0.0'): Promise<number> {
  const child = spawn('/bin/bash', [join(root, 'deploy/healthy.sh')], {
    env: { BELLWETHER_HTTP_HOST: host, BELLWETHER_HTTP_PORT: String(port) },
    stdio: 'ignore',
  })
  const [code] = (await once(child, 'exit')) as [number]
  return code
}

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<number> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

test('a server that answers is well, whatever address it is bound to', async () => {
  const asked: string[] = []
  const port = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end('{"status":"ok"}')
  })
  expect(await check(port)).toBe(0)
  expect(await check(port, '127.0.0.1')).toBe(0)
  expect(asked).toEqual(['GET /healthz', 'GET /healthz'])
})

test('one that is ill, says nothing or is away is not', async () => {
  const ill = await serve((_request, response) => response.writeHead(503).end())
  expect(await check(ill)).toBe(1)
  const silent = await serve(() => undefined)
  expect(await check(silent)).toBe(1)
  expect(await check(1)).toBe(1)
})

test('the image has the script where it looks for it', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  expect(dockerfile).toContain('COPY deploy/healthy.sh ./')
  expect(dockerfile).toContain('CMD ["/bin/bash", "/app/healthy.sh"]')
  expect(readFileSync(join(root, '.dockerignore'), 'utf8')).toContain('!deploy/healthy.sh')
})
