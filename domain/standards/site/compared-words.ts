/** The number of an index in the words of its standard: "255 (Heavy pollution)", "class IV", "orange", "中雨". */

import { alertLevels } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import type { StandardTable } from '../definition.ts'
import { definitionOf } from '../site-indices.ts'
import { surfaceClasses } from '../water/surface-class.ts'
import type { SiteIndexName } from './coverage.ts'

/** @param value as `comparedValue` gives it; in between two levels it is told as a number. */
export function comparedWords(index: SiteIndexName, value: number): BothLanguages {
  const plain = String(Number(value.toPrecision(6)))
  switch (index) {
    case 'gb3838':
      return surfaceClassNames[value - 1] ?? { en: plain, zh: plain }
    case 'gb5749':
      return {
        en: `${plain} ${value === 1 ? 'item' : 'items'} beyond limits`,
        zh: `${plain}项超标`,
      }
    case 'rainstorm-signal':
    case 'flood-signal':
    case 'low-water-signal':
    case 'drought-signal':
      return signalNames[value] ?? { en: plain, zh: plain }
    case 'rain-grade': {
      const [, en, zh] = rowsOf(index, '等级')[value - 1] ?? []
      return { en: String(en ?? plain), zh: String(zh ?? plain) }
    }
    default: {
      const [, , , en, zh] = rowsOf(index, '类别').find(([, , to]) => reaches(to, value)) ?? []
      if (en === undefined) return { en: plain, zh: plain }
      return { en: `${plain} (${en})`, zh: `${plain}（${zh}）` }
    }
  }
}

const roman = ['Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ', 'Ⅴ', '劣Ⅴ']
const surfaceClassNames: readonly BothLanguages[] = surfaceClasses.map((name, i) => ({
  en: `class ${name}`,
  zh: `${roman[i]}类`,
}))

const signalNames: readonly BothLanguages[] = [
  { en: 'none', zh: '无' },
  ...['蓝色', '黄色', '橙色', '红色'].map((zh, i) => ({ en: alertLevels[i] ?? '', zh })),
]

/** Rows of the table of the index that has this column; levels are the same in all editions. */
function rowsOf(index: SiteIndexName, column: string): StandardTable['rows'] {
  const definition = definitionOf(index)
  const edition = definition.editions.at(-1)?.id ?? ''
  return definition.tables(edition).find(({ columns }) => columns.includes(column))?.rows ?? []
}

/** The last level has no end. */
function reaches(to: string | number | null | undefined, value: number): boolean {
  return to === null || (typeof to === 'number' && value <= to)
}
