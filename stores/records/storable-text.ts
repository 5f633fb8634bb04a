/**
 * Text from outside, made fit for every database: SQLite alters lone surrogates, PostgreSQL refuses NUL,
 * and a column must not be as long as a sender likes. What is kept byte for byte is kept as bytes.
 */

/** Lone surrogates and NUL become U+FFFD; what is longer than `charactersMax` UTF-16 units is cut and ends in `…`. */
export function storableText(text: string, charactersMax: number): string {
  const whole = text.length <= charactersMax
  const kept = whole ? text : `${text.slice(0, charactersMax - 1)}…`
  return kept.replace(/\p{Surrogate}|\0/gu, '\uFFFD')
}
