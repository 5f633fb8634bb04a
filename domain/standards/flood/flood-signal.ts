/**
 * Flood warning signals of 水情预警发布管理办法（试行）(2013): the level (or flow) against the figures of the gauge, or
 * the return period; either is enough. A figure that the gauge does not have never raises a signal.
 */

import { type AlertLevel, alertLevels } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly, minus, toText } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import { checkOptions, type Given, givenValues, refuseNegative, textOption } from '../given.ts'
import { judgeFloodLimit } from './flood-limit.ts'
import {
  floodCodes,
  floodEditions,
  floodIndicators,
  floodNotes,
  floodOptions,
  floodTables,
  signalNames,
} from './flood-reference.ts'
import { sizeOf } from './flood-size.ts'

/** What "near" means unless the gauge says so, metres; the text has no number (confidence C). */
const usualNear = exactly('0.5')

interface Figures {
  level: Decimal | null
  years: Decimal | null
  warning: Decimal | null
  guarantee: Decimal | null
  record: Decimal | null
  near: Decimal | null
  flow: Decimal | null
  warningFlow: Decimal | null
  guaranteeFlow: Decimal | null
  recordFlow: Decimal | null
  nearFlow: Decimal | null
  floodLimit: Decimal | null
}

/** Values and the figures among the options, which may stand in either place. */
function readGiven({ values, options }: IndexRequest): readonly Given[] {
  checkOptions(options, [...floodCodes.keys(), 'floodSeason', 'day'])
  const figures = Object.entries(options).filter(
    ([name, value]) => floodCodes.has(name) && value !== undefined,
  )
  const named = new Set(Object.keys(values).map((key) => floodCodes.get(key)))
  const rest = figures.filter(([name]) => !named.has(floodCodes.get(name)))
  const given = [
    { at: 'values', all: givenValues(values, floodCodes) },
    { at: 'options', all: givenValues(Object.fromEntries(rest), floodCodes, 'options') },
  ]
  for (const { at, all } of given) {
    refuseNegative(
      all.filter(({ code }) => ['years', 'near', 'nearFlow'].includes(code)),
      at,
    )
  }
  return given.flatMap(({ all }) => all)
}

function figuresOf(all: readonly Given[]): Figures {
  const byCode = new Map(all.map(({ code, value }) => [code, value]))
  const figure = (code: string): Decimal | null => byCode.get(code) ?? null
  return {
    level: figure('level'),
    years: figure('years'),
    warning: figure('warning'),
    guarantee: figure('guarantee'),
    record: figure('record'),
    near: byCode.has('near') ? figure('near') : usualNear,
    flow: figure('flow'),
    warningFlow: figure('warningFlow'),
    guaranteeFlow: figure('guaranteeFlow'),
    recordFlow: figure('recordFlow'),
    nearFlow: figure('nearFlow'),
    floodLimit: figure('floodLimitLevel'),
  }
}

/**
 * Against the bounds of blue, yellow, orange and red; null where the gauge has no figure.
 * 0 none, 1 blue … 4 red; null when there is nothing to compare.
 */
function signalOf(
  value: Decimal | null,
  { warning, guarantee, record, near }: Pick<Figures, 'warning' | 'guarantee' | 'record' | 'near'>,
): number | null {
  const close = warning === null || near === null ? null : minus(warning, near)
  const bounds = [close, warning, guarantee, record]
  if (value === null || bounds.every((bound) => bound === null)) return null
  return bounds.findLastIndex((bound) => bound !== null && compare(value, bound) >= 0) + 1
}

function byFlow({ flow, warningFlow, guaranteeFlow, recordFlow, nearFlow }: Figures) {
  const flows = { warning: warningFlow, guarantee: guaranteeFlow, record: recordFlow }
  return signalOf(flow, { ...flows, near: nearFlow })
}

/** The same; a flood below 5 years has no signal, because "near 5 years" has no number. */
function byReturnPeriod({ years }: Figures): number | null {
  if (years === null) return null
  const size = sizeOf(years)
  return size === 1 ? 0 : size
}

function colourOf(level: number | null): AlertLevel | null {
  return level === null ? null : (alertLevels[level - 1] ?? null)
}

const monthDay = '(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])'
const seasonForm = new RegExp(`^(${monthDay})/(${monthDay})$`)
const dayForm = new RegExp(`^(?:\\d{4}-)?(${monthDay})$`)

function floodLimitOf({ level, floodLimit }: Figures, options: IndexRequest['options']): unknown {
  const season = textOption(options, 'floodSeason', { form: seasonForm, example: '06-01/09-30' })
  const day = textOption(options, 'day', { form: dayForm, example: '2026-07-15' })
  if (level === null || floodLimit === null) return null
  const [, from = '', to = ''] = season ?? []
  return judgeFloodLimit(level, floodLimit, {
    season: season === undefined ? undefined : { from, to },
    day: day?.[1],
  })
}

function notesOn({ warning, guarantee, near }: Figures, level: number | null): BothLanguages[] {
  const crossed = warning !== null && guarantee !== null && compare(guarantee, warning) < 0
  const assumed = near === usualNear && warning !== null
  return [
    ...(level === null ? [floodNotes.nothing] : []),
    ...(crossed ? [floodNotes.crossed] : []),
    ...(assumed && level === 1 ? [floodNotes.near] : []),
  ]
}

function compute(request: IndexRequest): IndexAnswer {
  const all = readGiven(request)
  const figures = figuresOf(all)
  const ofLevel = signalOf(figures.level, figures)
  const [ofFlow, ofYears] = [byFlow(figures), byReturnPeriod(figures)]
  const found = [ofLevel, ofFlow, ofYears].filter((one) => one !== null)
  const level = found.length === 0 ? null : Math.max(...found)
  const value = colourOf(level)
  const results: Readonly<Record<string, number | null>> = {
    level: ofLevel,
    flow: ofFlow,
    years: ofYears,
  }
  const { level: stage, warning } = figures
  return {
    index: 'flood-signal',
    edition: request.edition,
    value,
    sub: Object.fromEntries(
      all
        .filter(({ code }) => code in results)
        .map(({ key, code }) => [key, colourOf(results[code] ?? null)]),
    ),
    primary:
      value === null ? [] : all.filter(({ code }) => results[code] === level).map(({ key }) => key),
    category: value === null ? null : signalNames[value],
    colour: value,
    rgb: null,
    level,
    details: {
      byLevel: colourOf(ofLevel),
      byFlow: colourOf(ofFlow),
      byReturnPeriod: colourOf(ofYears),
      aboveWarning: stage === null || warning === null ? null : toText(minus(stage, warning), 3),
      floodLimit: floodLimitOf(figures, request.options),
    },
    notes: notesOn(figures, level),
  }
}

export const floodSignal: IndexDefinition = {
  name: 'flood-signal',
  title: { en: 'Flood warning signal', zh: '洪水预警信号' },
  editions: floodEditions,
  indicators: () => floodIndicators,
  options: floodOptions,
  compute,
  tables: () => floodTables,
}
