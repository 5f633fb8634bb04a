/** The lines of an import as it arrives: UTF-8 and not larger than allowed, or the import ends. */

import { Fault } from '../domain/errors.ts'

/** Of one line, in characters. */
export const lineMax = 131_072

/** Decodes UTF-8, with or without a byte order mark; counts bytes; both failures end the import. */
export async function* importText(
  body: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > bytesMax) {
        throw new Fault('payload_too_large', `body: is larger than ${bytesMax} bytes.`)
      }
      yield decoder.decode(chunk, { stream: true })
    }
    yield decoder.decode()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    throw new Fault('bad_request', 'body: is not UTF-8; save the file as UTF-8.', { cause: error })
  }
}

/** Without their ends (LF or CRLF); undefined stands for a line that is too long. */
export async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string | undefined> {
  let rest = ''
  let skipping = false
  for await (const chunk of text) {
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
