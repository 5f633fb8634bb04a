/** Colours of lines that say nothing about a level: none of them is in the palettes of `levels.ts` and `scales.ts`. */

export const seriesColours = {
  /** What the panel is about. */
  main: '#2CA6A4',
  /** The worst of several, or the second subject. */
  second: '#9D6AC1',
  /** Background to compare with, such as a mean. */
  quiet: '#8795A8',
  /** The third subject. */
  third: '#B08A5B',
} as const
