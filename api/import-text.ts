/** The text of an import as it arrives: UTF-8 and not larger than allowed, or the import ends. */

import { Fault } from '../domain/errors.ts'

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
