/**
 * Reads all plain TCP connections into one piece of memory. Node gives each read of a socket 64 KiB of its
 * own and passes it through a stream; for a message of 150 bytes that costs more than the message itself.
 * Its `onread` option reads into memory of ours instead, but a server cannot ask for it, so the accepted
 * socket's handle is moved into a new socket that does. Where Node should not have a handle to move, the
 * socket is used as it is: slower, and otherwise the same.
 */

import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

const readBytesMax = 65_536

export interface Reader {
  /** The first `end` bytes are new; they are gone when this returns. */
  receive(bytes: Buffer, end: number): void
}

/** Opens an accepted socket that was paused (`pauseOnConnect`) and whose bytes go to the reader. */
export type OpenSocket = (accepted: Socket, accept: (socket: Socket) => Reader) => void

export function createSharedReads(): OpenSocket {
  const shared = Buffer.allocUnsafeSlow(readBytesMax)
  return (accepted, accept) => {
    const handle: unknown = Reflect.get(accepted, '_handle')
    if (typeof handle !== 'object' || handle === null) {
      accept(accepted)
      accepted.resume()
      return
    }
    let reader: Reader | null = null
    const options: SocketConstructorOpts & { handle: object; onread: OnReadOpts } = {
      handle,
      allowHalfOpen: false,
      onread: {
        buffer: shared,
        callback(end) {
          reader?.receive(shared, end)
          return true
        },
      },
    }
    const socket = new Socket(options)
    // The server counts its connections: this one takes the place of the other.
    Reflect.set(socket, '_server', Reflect.get(accepted, '_server'))
    Reflect.set(accepted, '_handle', null)
    reader = accept(socket)
  }
}
