/** Levels of an index: the name, the colour and where each begins. */

import type { BothLanguages } from '../../text.ts'
import type { IndexAnswer, StandardTable } from '../definition.ts'

export interface Level {
  /** Largest index of the level; null for the last one. */
  upTo: number | null
  category: BothLanguages
  colour: string
  rgb: readonly [number, number, number]
}

/** The part of an answer that follows from the index alone. */
export function levelOf(
  value: number,
  levels: readonly Level[],
): Pick<IndexAnswer, 'level' | 'category' | 'colour' | 'rgb'> {
  const at = levels.findIndex(({ upTo }) => upTo === null || value <= upTo)
  const level = levels[at]
  if (level === undefined) return noLevel
  return { level: at + 1, category: level.category, colour: level.colour, rgb: level.rgb }
}

export const noLevel = { level: null, category: null, colour: null, rgb: null } as const

export function levelsTable(
  levels: readonly Level[],
  about: Omit<StandardTable, 'columns' | 'rows'>,
): StandardTable {
  return {
    ...about,
    columns: ['level', 'from', 'to', 'category', '类别', 'colour', 'R', 'G', 'B'],
    rows: levels.map(({ upTo, category, colour, rgb }, i) => {
      const before = levels[i - 1]?.upTo
      return [
        i + 1,
        before === null || before === undefined ? 0 : before + 1,
        upTo,
        category.en,
        category.zh,
        colour,
        ...rgb,
      ]
    }),
  }
}
