/**
 * Numbers that printf writes and JSON lacks: `nan`, `NaN`, `-inf`, `Infinity`, `-1.#IND` … . A logger prints one of them
 * among good values when a sensor fails, and that must not cost the values beside it.
 */

/** A cheap look whether there may be any. */
const may = /nan|inf|1\.#/i

/**
 * A text with its quotes, or such a number where a value stands. A text that never ends goes to the end, so that each
 * character is looked at once whatever a hostile device sends.
 */
const token =
  /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|(?<=[:,[]\s*)[-+]?(?:nan(?:\([a-z]*\))?|inf(?:inity)?|1\.#(?:[QS]NAN|IND|INF)0*)(?=\s*[,}\]])/gi

/** The text with each of these numbers in quotes, or undefined when it has none. */
export function quoteBareNumbers(text: string): string | undefined {
  if (!may.test(text)) return undefined
  let isFound = false
  const quoted = text.replace(token, (found) => {
    if (found.startsWith('"')) return found
    isFound = true
    return `"${found}"`
  })
  return isFound ? quoted : undefined
}
