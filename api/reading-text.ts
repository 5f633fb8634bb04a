/**
 * The JSON of readings as text. Rows of one series differ in value, flag and times only, so what comes before and
 * between is made once for a series: half of what an answer costs besides asking the store.
 */

import type { Reading } from '../domain/reading.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { readingJson } from './json-forms.ts'
import { createTimeText } from './time-text.ts'

/** What `JSON.stringify(readingJson(view, reading))` gives. For one answer: sites are looked up once for a series. */
export function createReadingText(view: RegistryView): (reading: Reading) => string {
  const observed = createTimeText()
  const received = createTimeText()
  let device: string | undefined
  let property: string | undefined
  let head = ''
  let unit = ''
  return (reading) => {
    if (reading.device !== device || reading.property !== property) {
      const form = readingJson(view, reading)
      device = form.device
      property = form.property
      head = `${JSON.stringify({ device, site: form.site, property }).slice(0, -1)},"value":`
      unit = `,"unit":${JSON.stringify(form.unit)},"quality":`
    }
    const { value, quality, observedAt, receivedAt } = reading
    return `${head}${value}${unit}${quality},"observedAt":"${observed(observedAt)}","receivedAt":"${received(receivedAt)}"}`
  }
}
