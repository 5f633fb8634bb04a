/** Which InfluxDB it is, from what it says of itself. It is found out, never configured. */

export type Generation = 1 | 2 | 3

export interface ServerVersion {
  generation: Generation
  /** As the server writes it, such as `1.6.7~rc0`, `v2.9.1` or `3.10.1`. */
  text: string
}

/** Undefined when this is no version that we know how to speak with. */
export function versionOf(text: string): ServerVersion | undefined {
  const generation = [1, 2, 3].find((each) => new RegExp(`^v?${each}\\.`).test(text))
  return generation === undefined ? undefined : { generation: generation as Generation, text }
}

/**
 * What `/ping` answers: all versions send a header, 3.x a JSON body as well. A proxy may have taken the header away;
 * then `/health` of 1.8 and 2.x names the version in its body, and that of 3.x is the word `OK`.
 */
export function versionNamed(header: string | undefined, body: unknown): ServerVersion | undefined {
  const named = header === undefined ? undefined : versionOf(header)
  if (named !== undefined) return named
  if (typeof body === 'object' && body !== null && 'version' in body) {
    return versionOf(String(body.version))
  }
  return typeof body === 'string' && body.trim() === 'OK'
    ? { generation: 3, text: '3.x' }
    : undefined
}
