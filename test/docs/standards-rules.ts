/** The part of docs/standards.md that shows the rules to start from, with where their bounds come from. */

import { alertLevels, type Bound, propertyWatched, type Rule } from '../../domain/rule.ts'
import type { StarterGroup, StarterRule } from '../../domain/starter-rules/starter-rule.ts'
import { code, list, paragraphs, table } from './markdown.ts'

export function groupSection({ id, title, notes, rules }: StarterGroup): string {
  return paragraphs([
    `### ${title.en} ${title.zh} (${code(id)})`,
    notes.join(' '),
    table(
      ['rule', 'watches', 'at', ...alertLevels, 'raised after', 'cleared after', 'margin'],
      rules.map(({ rule }) => [
        `${code(rule.id)} ${rule.name.en} ${rule.name.zh}`,
        signalText(propertyWatched(rule), rule.signal),
        rule.where.kind.length === 0 ? 'every site' : rule.where.kind.join(', '),
        ...alertLevels.map((level) => shown(rule, rule.levels[level])),
        rule.raiseAfter,
        rule.clearAfter,
        rule.clearMargin,
      ]),
    ),
    list(rules.map(basis)),
  ])
}

function signalText(property: string, signal: Rule['signal']): string {
  if (signal.type === 'index') return `index ${code(signal.index)}`
  if (signal.type === 'value') return code(property)
  if (signal.type === 'silence') return `silence of ${code(property)}`
  const per = signal.type === 'rate' ? ` per ${signal.per}` : ''
  return `${signal.type} of ${code(property)} over ${signal.window}${per}`
}

function shown({ direction, signal }: Rule, bound: Bound | undefined): string | null {
  if (bound === undefined) return null
  const sign = direction === 'above' ? '≥' : '≤'
  if (typeof bound === 'number') {
    return signal.type === 'silence' ? `${sign} ${bound / 3_600} h` : `${sign} ${bound}`
  }
  const { attribute, plus } = bound
  if (plus === 0) return `${sign} ${code(attribute)}`
  return `${sign} ${code(attribute)} ${plus > 0 ? '+' : '−'} ${Math.abs(plus)}`
}

function basis({ rule, source, confidence, notes }: StarterRule): string {
  return `${code(rule.id)}: ${source} (confidence ${confidence}). ${notes.join(' ')}`.trim()
}
