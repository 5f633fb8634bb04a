/**
 * The text of an import. What spreadsheets of the field save is read as it is: UTF-8 and UTF-16 with or without a byte
 * order mark, else GB 18030 (which holds GBK and GB 2312). A body that is too large or in none of them ends the import.
 */

import type { Readable } from 'node:stream'
import { Fault } from '../../domain/errors.ts'

/** Of one line, in characters. */
export const lineMax = 131_072
/** A file is decoded and read in pieces of so many bytes. */
const pieceBytes = 262_144

/** The whole body; when it is too large, the rest is left unread. */
export async function importBytes(body: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  // A reader that is done early must not destroy the request: its answer goes over the same socket.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length
    if (bytes > bytesMax) {
      throw new Fault('payload_too_large', `body: is larger than ${bytesMax} bytes.`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** `charset`: of the content type; wins over what the bytes look like. */
export function importText(bytes: Buffer, charset: string | undefined): Iterable<string> {
  const encodings = charset === undefined ? likelyEncodings(bytes) : [charset]
  const encoding = encodings.find((name) => isText(bytes, name))
  if (encoding !== undefined) return decoded(bytes, encoding)
  throw new Fault(
    'bad_request',
    `body: is not text in ${encodings.join(' or ')}; save the file as CSV in UTF-8.`,
    { field: 'body' },
  )
}

function likelyEncodings(bytes: Buffer): string[] {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return ['utf-16le']
  if (first === 0xfe && second === 0xff) return ['utf-16be']
  // Without a mark, the first column's Latin name shows it: every other byte is zero.
  if (first !== 0 && second === 0) return ['utf-16le']
  if (first === 0 && second !== 0) return ['utf-16be']
  return ['utf-8', 'gb18030']
}

function isText(bytes: Buffer, encoding: string): boolean {
  try {
    const pieces = decoded(bytes, encoding)
    while (pieces.next().done !== true);
    return true
  } catch {
    return false // Bytes that mean nothing in it, or an encoding that nobody knows.
  }
}

function* decoded(bytes: Buffer, encoding: string): Generator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true })
  }
  yield decoder.decode()
}

/** Without their ends (LF or CRLF); undefined stands for a line that is too long. */
export function* linesOf(text: Iterable<string>): Generator<string | undefined> {
  let rest = ''
  let skipping = false
  for (const chunk of text) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      yield skipping || part.length > lineMax ? undefined : withoutReturn(part)
      skipping = false
    }
    if (rest.length > lineMax) {
      skipping = true
      rest = ''
    }
  }
  if (skipping) yield undefined
  else if (rest !== '') yield withoutReturn(rest)
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
