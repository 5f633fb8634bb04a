/**
 * Text in line protocol: tags, keys and numbers. Lines of readings are put together in `lines.ts`.
 *
 * A comma or newline in a tag writes another row, and a backslash cannot be escaped at all. So what has a meaning
 * there is escaped, and what cannot be is written as `%` and two hexadecimal digits; `decodeTag` gives the name back.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about.
const unwritable = /[\u0000-\u001f\u007f\\]|%(?=[0-9A-F]{2})/g
const encoded = /%([0-9A-F]{2})/g
const special = /[,= ]/g

/** A name as it stands in a tag, and in queries. */
export function encodeTag(name: string): string {
  return name.replace(
    unwritable,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

export function decodeTag(tag: string): string {
  return tag.replace(encoded, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

/** A measurement, tag or field key, or an encoded tag value, as it stands in a line. */
export function escapeKey(text: string): string {
  return text.replace(special, '\\$&')
}

/** The tags of a point, behind its measurement; rising by key, as InfluxDB likes them. Absent tags are left out. */
export function tagsText(tags: Readonly<Record<string, string | null>>): string {
  let text = ''
  for (const key of Object.keys(tags).sort()) {
    const value = tags[key]
    if (value) text += `,${escapeKey(key)}=${escapeKey(encodeTag(value))}`
  }
  return text
}

/** A number as a float field; −0 keeps its sign, which JavaScript would not print. */
export function floatText(value: number): string {
  return value === 0 && 1 / value < 0 ? '-0' : `${value}`
}
