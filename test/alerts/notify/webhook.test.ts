/** One attempt against a real receiver: what is sent, what counts as an answer, and where it refuses to go. */

import { createServer, type Server } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Resolve } from '../../../alerts/notify/connect.ts'
import { createSender, type Sender } from '../../../alerts/notify/webhook.ts'
import { parseAllowList } from '../../../domain/webhook-target.ts'
import { type FakePorts, fakePorts } from '../../fixtures/ports.ts'
import { openReceiver, type Receiver, until } from '../../fixtures/receiver.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

let ports: FakePorts
let receiver: Receiver
const senders: Sender[] = []

beforeEach(async () => {
  ports = fakePorts()
  receiver = await openReceiver()
})
afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.close()
  await receiver.close()
})

function sender(allow: string[] = ['127.0.0.1'], resolve?: Resolve): Sender {
  const made = createSender({
    allow: parseAllowList(allow).allow,
    timeoutMs: 15_000,
    timers: ports.timers,
    resolve,
  })
  senders.push(made)
  return made
}

function send(url: string, from = sender(), body = '{"type":"webhook.test"}') {
  return from.send({ url, secret, id: 'msg_1', body, now: Date.now() })
}

describe('what is sent', () => {
  test('is signed JSON that the reference library takes', async () => {
    const body = '{"data":{"名":"暴雨红色"}}'
    const answer = await send(receiver.url('/hook?team=%E5%80%BC'), sender(), body)
    expect(answer).toEqual({ status: 204, answer: '', retryAfter: undefined })
    const [got] = receiver.received
    expect(got).toMatchObject({ path: '/hook?team=%E5%80%BC', id: 'msg_1', body })
    expect(got?.headers['content-type']).toBe('application/json')
    const headers = got?.headers as Record<string, string>
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
  })

  test('goes over a connection that is kept', async () => {
    const one = sender()
    const sockets = new Set<unknown>()
    receiver.answer((_, response) => {
      sockets.add(response.socket?.remotePort)
      response.writeHead(200).end('ok')
    })
    for (let i = 0; i < 5; i += 1) await send(receiver.url(), one)
    // The pool may open a second one before the first is free again; then both are used in turn.
    expect(sockets.size).toBeLessThanOrEqual(2)
  })
})

describe('what counts as an answer', () => {
  test('the status, the first 256 bytes and Retry-After are told', async () => {
    receiver.answer((_, response) => {
      response.writeHead(503, { 'retry-after': '30' }).end(`忙${'x'.repeat(1_000)}`)
    })
    const answer = await send(receiver.url())
    expect(answer).toMatchObject({ status: 503, retryAfter: '30' })
    expect(answer.answer).toMatch(/^忙x{253}$/)
  })

  test('a redirect is an answer and is not followed', async () => {
    receiver.answer(({ path }, response) => {
      if (path === '/hook') response.writeHead(302, { location: '/inside' }).end()
      else response.writeHead(200).end()
    })
    expect(await send(receiver.url())).toMatchObject({ status: 302 })
    expect(receiver.received).toHaveLength(1)
  })

  test('an endpoint that hangs is given up after the time-out', async () => {
    receiver.answer(() => undefined)
    const answer = send(receiver.url())
    await until(() => receiver.received.length === 1)
    ports.advance(14_999)
    ports.advance(1)
    expect(await answer).toMatchObject({ status: null, answer: expect.stringContaining('15000') })
  })

  test('a body that dribbles does not hold the slot, and the status stands', async () => {
    receiver.answer((_, response) => {
      response.writeHead(200)
      response.write('ok')
    })
    const answer = send(receiver.url())
    let done = false
    void answer.then(() => {
      done = true
    })
    await until(() => {
      ports.advance(100)
      return done
    })
    expect(await answer).toMatchObject({ status: 200 })
  })

  test('of an endless body no more than 64 kB are read', async () => {
    let written = 0
    receiver.answer((_, response) => {
      response.writeHead(200)
      const pour = () => {
        while (!response.destroyed && written < 500_000_000) {
          written += 65_536
          if (!response.write('x'.repeat(65_536))) break
        }
      }
      response.on('drain', pour)
      pour()
    })
    expect(await send(receiver.url())).toMatchObject({ status: 200, answer: 'x'.repeat(256) })
    expect(written).toBeLessThan(50_000_000)
  })

  test.each([
    ['nobody listens', 'close'],
    ['the connection breaks', 'break'],
    ['the answer is no HTTP', 'garbage'],
    ['the headers never end', 'headers'],
  ])('when %s there is none', async (_, how) => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined)
      if (how === 'break') socket.destroy()
      if (how === 'garbage') socket.end('220 smtp ready\r\n')
      if (how === 'headers') socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    if (how === 'close') await new Promise((resolve) => server.close(resolve))
    const answer = await send(`http://127.0.0.1:${port}/`)
    server.close()
    expect(answer.status).toBeNull()
    expect(answer.answer).not.toBe('')
    expect(answer.answer.length).toBeLessThanOrEqual(256)
  })
})

describe('where it refuses to go', () => {
  const answers =
    (...addresses: string[]): Resolve =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

  test('a closed address in the URL', async () => {
    for (const host of ['127.0.0.1', '127.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254']) {
      const answer = await send(`http://${host}:${receiver.port}/`, sender([]))
      expect(answer.status).toBeNull()
      expect(answer.answer).toContain('not a public address')
    }
    expect(receiver.received).toEqual([])
  })

  test.each([
    ['the loopback', ['127.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['one public and one private', ['8.8.8.8', '10.0.0.1']],
    ['something that is no address', ['localhost']],
    ['nothing', []],
  ])('a public name that leads to %s', async (_, addresses) => {
    const from = sender([], answers(...addresses))
    const answer = await send(`http://duty.example.org:${receiver.port}/`, from)
    expect(answer.status).toBeNull()
    expect(answer.answer).toContain('duty.example.org')
    expect(receiver.received).toEqual([])
  })

  test('a name is asked at each connection, and the address connected to is the one checked', async () => {
    let asked = 0
    const rebinding: Resolve = async () => {
      asked += 1
      return [{ address: asked === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }]
    }
    const from = sender(['192.0.2.0/24'], rebinding)
    const first = send(`http://duty.example.org:${receiver.port}/`, from)
    await until(() => asked === 1)
    ports.advance(15_000)
    expect((await first).status).toBeNull()
    const second = await send(`http://duty.example.org:${receiver.port}/`, from)
    expect(second.answer).toContain('not a public address')
    expect(asked).toBe(2)
    expect(receiver.received).toEqual([])
  })

  test('an allowed address behind a name is reached, beside others that are not', async () => {
    const from = sender(['127.0.0.1'], answers('::1', '127.0.0.1'))
    expect(await send(`http://duty.example.org:${receiver.port}/`, from)).toMatchObject({
      status: 204,
    })
  })

  test('an allowed name is reached wherever it leads', async () => {
    const from = sender(['hooks.internal'], answers('127.0.0.1'))
    expect(await send(`http://hooks.internal:${receiver.port}/`, from)).toMatchObject({
      status: 204,
    })
  })

  test('a name that cannot be resolved is a failure like any other', async () => {
    const from = sender([], () => Promise.reject(new Error('getaddrinfo ENOTFOUND')))
    expect(await send('http://duty.example.org/', from)).toMatchObject({
      status: null,
      answer: expect.stringContaining('ENOTFOUND'),
    })
  })
})
