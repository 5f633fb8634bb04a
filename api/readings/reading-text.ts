/**
 * Readings as text, JSON or CSV. Rows of one series differ in value, flag and times only, so what comes before and
 * between is made once for a series: half of what an answer costs besides asking the store.
 */

import { placementAt } from '../../domain/placement.ts'
import type { Reading } from '../../domain/reading.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import { csvCells, csvEnd } from '../http/csv.ts'
import { type ReadingForm, readingJson } from '../json-forms.ts'
import { createTimeText } from './time-text.ts'

/** What `JSON.stringify(readingJson(view, reading))` gives. For one answer: sites are looked up once for a series. */
export function createReadingText(view: RegistryView): (reading: Reading) => string {
  return createText(view, {
    head: ({ device, site, property }) =>
      `${JSON.stringify({ device, site, property }).slice(0, -1)},"value":`,
    none: 'null',
    middle: ({ unit }) => `,"unit":${JSON.stringify(unit)},"quality":`,
    beforeObserved: ',"observedAt":"',
    beforeReceived: '","receivedAt":"',
    end: '"}',
  })
}

/** A line of CSV, cells in the order of `readingForm`. For one answer, as above. */
export function createReadingLine(view: RegistryView): (reading: Reading) => string {
  return createText(view, {
    head: ({ device, site, property }) => `${csvCells([device, site, property])},`,
    none: '',
    middle: ({ unit }) => `,${csvCells([unit])},`,
    beforeObserved: ',',
    beforeReceived: ',',
    end: csvEnd,
  })
}

/** What stands around value, flag and times. */
interface Frame {
  head(form: ReadingForm): string
  none: string
  middle(form: ReadingForm): string
  beforeObserved: string
  beforeReceived: string
  end: string
}

function createText(view: RegistryView, frame: Frame): (reading: Reading) => string {
  const { none, beforeObserved, beforeReceived, end } = frame
  const observed = createTimeText()
  const received = createTimeText()
  let device: string | undefined
  let property: string | undefined
  /** From then on it stands somewhere else; readings of a series rise in time. */
  let movesAt = Number.POSITIVE_INFINITY
  let head = ''
  let middle = ''
  return (reading) => {
    const isOther = reading.device !== device || reading.property !== property
    if (isOther || reading.observedAt >= movesAt) {
      const form = readingJson(view, reading)
      const placements = view.placements(form.device) ?? []
      movesAt = placementAt(placements, reading.observedAt)?.until ?? Number.POSITIVE_INFINITY
      device = form.device
      property = form.property
      head = frame.head(form)
      middle = frame.middle(form)
    }
    const { value, quality, observedAt, receivedAt } = reading
    const start = `${head}${value ?? none}${middle}${quality}${beforeObserved}`
    return `${start}${observed(observedAt)}${beforeReceived}${received(receivedAt)}${end}`
  }
}
