/** No change without its entry in the audit trail, whatever happens to the request or to the process. */

import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../flow/city-server.ts'
import { type CityApi, openCityApi, tokens } from './city-api.ts'

let city: CityApi
afterEach(() => city.close())

interface Entry {
  action: string
  target: string
  result: string
  from: string
  actor: string
}

async function trail(): Promise<Entry[]> {
  const { body } = await city.call('GET', '/audit?limit=1000', { as: 'admin' })
  return (body as { items: Entry[] }).items
}

/**
 * Sends one request and resets the socket as soon as it is written. It begins when the server has taken the connection:
 * of one that is reset before that nobody knows the address.
 */
async function sendAndReset(port: number, path: string, body: unknown): Promise<void> {
  const text = JSON.stringify(body)
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${tokens.admin}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  const taken = once(city.app.server, 'connection')
  const socket = connect(port, '127.0.0.1')
  await Promise.all([taken, once(socket, 'connect')])
  await new Promise<void>((resolve) => {
    socket.write(`${head.join('\r\n')}\r\n\r\n${text}`, () => {
      socket.resetAndDestroy()
      resolve()
    })
  })
}

test('whoever hangs up at once is in the trail with their address', async () => {
  city = await openCityApi()
  await city.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = city.app.server.address() as AddressInfo
  const ids = Array.from({ length: 25 }, (_, i) => `hasty-${i}`)
  for (const id of ids) await sendAndReset(port, '/api/v1/sites', { id })
  // Not every request is read before the reset is; those that were changed something.
  await eventually(async () => {
    await city.parts.view.refresh()
    return city.parts.view.all('site').length > 0 ? true : undefined
  })
  await eventually(async () => {
    await city.parts.view.refresh()
    const made = city.parts.view.all('site').map(({ id }) => `site/${id}`)
    const entries = (await trail()).filter(({ action }) => action === 'site.create')
    const seen = new Set(entries.filter(({ result }) => result === 'done').map((e) => e.target))
    if (!made.every((target) => seen.has(target))) return undefined
    expect(entries.every(({ from }) => from === '127.0.0.1')).toBe(true)
    return true
  }, 30)
})

test('a change that was begun when the process was killed is told as unknown at the next start', async () => {
  city = await openCityApi()
  const { registry } = city.parts
  const change = {
    at: Date.parse('2026-11-21T07:15:00Z'),
    actor: 'night-shift',
    action: 'rule.change',
    target: 'rule/quay',
    from: '192.0.2.17',
  }
  await registry.beginAudit(change)
  expect(await trail()).toEqual([])
  expect(await registry.settleAudit()).toBe(1)
  expect(await registry.settleAudit()).toBe(0)
  expect(await trail()).toMatchObject([
    {
      actor: 'night-shift',
      target: 'rule/quay',
      result: 'unknown',
      at: '2026-11-21T07:15:00.000Z',
    },
  ])
})

test('a fault of ours in the middle of a change leaves open whether it was made', async () => {
  city = await openCityApi()
  const insert = city.parts.registry.insert
  city.parts.registry.insert = async (kind, item) => {
    await insert(kind, item)
    throw new Error('the disk went away')
  }
  expect((await city.call('POST', '/sites', { body: { id: 'weir' } })).status).toBe(500)
  expect(await trail()).toMatchObject([{ target: 'site/weir', result: 'unknown' }])
})

test('what is refused by its form is in the trail too', async () => {
  city = await openCityApi()
  expect((await city.call('POST', '/sites', { body: { id: 'weir', colour: 1 } })).status).toBe(400)
  expect(await trail()).toMatchObject([{ action: 'site.create', result: 'refused' }])
})
