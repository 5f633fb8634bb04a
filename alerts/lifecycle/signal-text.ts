/**
 * The signal of a rule in the words of people: "24 h mean of PM2.5 at Xiaguan is 120 µg/m³", "Water level at Xiaguan
 * rises 0.8 m/h", and the same in Chinese.
 */

import type { Signal } from '../../domain/rule.ts'
import { comparedWords } from '../../domain/standards/site/compared-words.ts'
import { indexOfSignal, isAirIndex } from '../../domain/standards/site/coverage.ts'
import { type BothLanguages, durationMs } from '../../domain/text.ts'

/** What a sentence is made of: the thing, what it does, and the bound it is measured against. */
export interface Terms {
  what: string
  is: string
  /** The same of the past; Chinese makes no difference. */
  was: string
  bound: string
}

export interface Signalled {
  signal: Signal
  subject: BothLanguages
  place: BothLanguages
  value: number
  bound: number
  /** Of the property, UCUM. */
  unit: string
}

type Average = 'mean' | 'max' | 'min' | 'sum' | 'range' | 'increase'

const averages: Readonly<Record<Average, BothLanguages>> = {
  mean: { en: 'mean', zh: '均值' },
  max: { en: 'maximum', zh: '最大值' },
  min: { en: 'minimum', zh: '最小值' },
  sum: { en: 'sum', zh: '累计值' },
  range: { en: 'range', zh: '变幅' },
  increase: { en: 'increase', zh: '增量' },
}

export function englishTerms({ signal, subject, place, value, bound, unit }: Signalled): Terms {
  const what = `${subject.en} at ${place.en}`
  if (signal.type === 'rate') {
    const [verb, past] = value < 0 ? ['falls', 'fell'] : ['rises', 'rose']
    const rate = { unit, per: signal.per }
    const much = rateText(rounded(Math.abs(value)), rate, 'en')
    return {
      what,
      is: `${verb} ${much}`,
      was: `${past} ${much}`,
      bound: rateText(bound, rate, 'en'),
    }
  }
  const { much, limit } = amounts(signal, { value, bound, unit }, 'en')
  const terms = { what, is: `is ${much}`, was: `was ${much}`, bound: limit }
  if (!isAverage(signal)) return terms
  return { ...terms, what: `${spanText(signal.window).en} ${averages[signal.type].en} of ${what}` }
}

export function chineseTerms({ signal, subject, place, value, bound, unit }: Signalled): Terms {
  const what = `${place.zh} ${subject.zh}`
  if (signal.type === 'rate') {
    const verb = value < 0 ? '下降' : '上升'
    const rate = { unit, per: signal.per }
    const is = `${verb} ${rateText(rounded(Math.abs(value)), rate, 'zh')}`
    return { what, is, was: is, bound: rateText(bound, rate, 'zh') }
  }
  const { much, limit } = amounts(signal, { value, bound, unit }, 'zh')
  const terms = { what, is: much, was: much, bound: limit }
  if (!isAverage(signal)) return terms
  return { ...terms, what: `${what} ${spanText(signal.window).zh}${averages[signal.type].zh}` }
}

/** What was computed has more digits than it has meaning: four are shown. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

/** Of an index in the words of its standard; a bound that is a number on a scale stays one. */
function amounts(
  signal: Signal,
  { value, bound, unit }: Pick<Signalled, 'value' | 'bound' | 'unit'>,
  language: keyof BothLanguages,
): { much: string; limit: string } {
  if (signal.type !== 'index') {
    const shown = signal.type === 'mean' ? rounded(value) : value
    return { much: amount(shown, unit), limit: amount(bound, unit) }
  }
  const index = indexOfSignal(signal.index)
  const isScale = isAirIndex(index) || index === 'gb5749'
  return {
    much: comparedWords(index, value)[language],
    limit: isScale ? amount(bound, '1') : comparedWords(index, bound)[language],
  }
}

function isAverage(signal: Signal): signal is Extract<Signal, { type: Average }> {
  return Object.hasOwn(averages, signal.type)
}

const times: Readonly<Record<string, BothLanguages>> = {
  s: { en: 's', zh: '秒' },
  m: { en: 'min', zh: '分钟' },
  h: { en: 'h', zh: '小时' },
  d: { en: 'd', zh: '天' },
}

/** A duration as rules have it: `24 h`, `24小时`. A day is 24 hours here, and no day of the calendar. */
function spanText(duration: string): BothLanguages {
  return duration === '1d'
    ? timesOf(24, 'h')
    : timesOf(Number(duration.slice(0, -1)), duration.slice(-1))
}

function timesOf(count: number, unit: string): BothLanguages {
  const { en, zh } = times[unit] ?? { en: unit, zh: unit }
  return { en: `${count} ${en}`, zh: `${count}${zh}` }
}

/** So many seconds in the unit that people would use, rounded down. */
export function silenceText(seconds: number): BothLanguages {
  for (const [unit, from] of [
    ['d', '2d'],
    ['h', '2h'],
    ['m', '2m'],
  ] as const) {
    if (seconds * 1_000 >= durationMs(from)) {
      return timesOf(Math.floor((seconds * 1_000) / durationMs(`1${unit}`)), unit)
    }
  }
  return timesOf(Math.floor(seconds), 's')
}

/** `0.8 m/h`, or per several: `0.8 m per 10 min`, `0.8 m/10分钟`. */
function rateText(value: number, { unit, per }: Rate, language: keyof BothLanguages): string {
  const change = amount(value, unit)
  if (per.slice(0, -1) === '1') return `${change}/${times[per.slice(-1)]?.en ?? ''}`
  const span = timesOf(Number(per.slice(0, -1)), per.slice(-1))[language]
  return language === 'en' ? `${change} per ${span}` : `${change}/${span}`
}

interface Rate {
  unit: string
  per: string
}

/** UCUM codes are made for machines; these are the ones that people write otherwise. */
const written: Readonly<Record<string, string>> = {
  Cel: '°C',
  deg: '°',
  'dB[SPL]': 'dB',
  'dB{mW}': 'dBm',
  'kW.h': 'kWh',
  '[pH]': '',
  '1': '',
}

/** At most six significant digits, then the unit as people write it. */
export function amount(value: number, unit: string): string {
  const number = String(Number(value.toPrecision(6)))
  const shown =
    written[unit] ??
    unit
      .replace(/[[\]{}]/g, '')
      .replace(/\bu(?=[gS])/, 'µ')
      .replace(/m2\b/, 'm²')
      .replace(/m3\b/, 'm³')
  return shown === '' ? number : `${number} ${shown}`
}
