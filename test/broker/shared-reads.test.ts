import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createSharedReads } from '../../broker/shared-reads.ts'
import { until } from './waiting.ts'

let server: Server
afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())))

interface Accepted {
  accepted: Socket
  socket: Socket
  client: Socket
  /** What came through the reader, and as `data` events. */
  read: string[]
  data: string[]
}

function accept(see: (socket: Socket) => Socket = (socket) => socket): Promise<Accepted> {
  const open = createSharedReads()
  return new Promise((resolve) => {
    server = createServer({ pauseOnConnect: true }, (accepted) => {
      const read: string[] = []
      const data: string[] = []
      open(see(accepted), (socket) => {
        socket.on('data', (chunk) => data.push(chunk.toString()))
        resolve({ accepted, socket, client, read, data })
        return { receive: (bytes, end) => void read.push(bytes.toString('latin1', 0, end)) }
      })
    })
    let client: Socket
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      client = connect((address as { port: number }).port, '127.0.0.1')
    })
  })
}

test('bytes come to the reader and not as events; answers, pauses and the end work as ever', async () => {
  const { accepted, socket, client, read, data } = await accept()
  expect(socket).not.toBe(accepted)
  client.write('one')
  await until(() => read.join('') === 'one', 'the bytes')
  socket.pause()
  client.write('two')
  socket.write('answer')
  await new Promise((resolve) => client.once('data', resolve))
  expect(read.join('')).toBe('one')
  socket.resume()
  await until(() => read.join('') === 'onetwo', 'the rest')
  expect(data).toEqual([])
  const closed = new Promise((resolve) => socket.once('close', resolve))
  client.end()
  await closed
})

test('a connection that is reset is closed', async () => {
  const { socket, client } = await accept()
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  client.resetAndDestroy()
  await closed
})

test('without a handle to move, the socket is used as it is', async () => {
  const { accepted, socket, client, read, data } = await accept(
    (real) =>
      new Proxy(real, {
        get(target, key) {
          if (key === '_handle') return undefined
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
  )
  client.write('one')
  await until(() => data.join('') === 'one', 'the bytes')
  expect(read).toEqual([])
  accepted.destroy()
  socket.destroy()
})
