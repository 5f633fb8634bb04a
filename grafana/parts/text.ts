/** Titles in both languages, Chinese first: people who read only one of them find it at a glance. */

import { propertyOf } from '../../domain/catalogue.ts'
import type { BothLanguages } from '../../domain/text.ts'

export function both(zh: string, en: string): string {
  return `${zh} ${en}`
}

/** For descriptions, which stand behind the "i" of a panel. */
export function paragraphs(zh: string, en: string): string {
  return `${zh}\n\n${en}`
}

export function bothOf({ zh, en }: BothLanguages): string {
  return zh === en ? en : both(zh, en)
}

/** Name of a property as the catalogue has it. */
export function propertyTitle(code: string): string {
  const property = propertyOf(code)
  if (property === undefined) throw new Error(`There is no property ${code}.`)
  return bothOf(property.name)
}
