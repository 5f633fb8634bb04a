/** Which of the forms we have is wanted, by the Accept header (RFC 9110 §12.5.1). */

import { Fault } from '../../domain/errors.ts'

/** The first of `offered` with the greatest weight; without the header, the first. */
export function chooseForm<T extends string>(
  header: string | undefined,
  offered: readonly [T, ...T[]],
): T {
  if (header === undefined || header.trim() === '') return offered[0]
  const ranges = header.split(',', 64).map(parseRange)
  let best: { form: T; weight: number } | undefined
  for (const form of offered) {
    const weight = weightOf(form, ranges)
    if (weight > (best?.weight ?? 0)) best = { form, weight }
  }
  if (best === undefined) {
    throw new Fault('not_acceptable', `accept: can be ${offered.join(', ')}.`, { field: 'accept' })
  }
  return best.form
}

interface Range {
  type: string
  subtype: string
  weight: number
}

function parseRange(text: string): Range {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const [type = '', subtype = ''] = range.split('/', 2)
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  const weight = q === undefined ? 1 : Number(q)
  return { type, subtype, weight: weight >= 0 && weight <= 1 ? weight : 0 }
}

/** The most specific range that matches decides, so that `text/csv;q=0, *\/*` refuses CSV. */
function weightOf(form: string, ranges: readonly Range[]): number {
  const [type, subtype] = form.split('/')
  const matching = ranges.filter(
    (range) =>
      (range.type === type && (range.subtype === subtype || range.subtype === '*')) ||
      (range.type === '*' && range.subtype === '*'),
  )
  const specificity = ({ type: t, subtype: s }: Range) => (t === '*' ? 0 : s === '*' ? 1 : 2)
  const [first] = matching.sort((a, b) => specificity(b) - specificity(a) || b.weight - a.weight)
  return first?.weight ?? 0
}
