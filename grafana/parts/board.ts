/** A board from its panels: what all boards have in common. Read-only, because the file is the truth. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  TimePickerBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { type BoardUid, boardLinks, boardTitles } from './links.ts'
import { bothOf, paragraphs } from './text.ts'

interface BoardPlan {
  uid: BoardUid
  /** For whom it is and what it answers. */
  about: { zh: string; en: string }
  /** Looks back so far when it is opened. */
  from: string
  /** Not below 30 s: what it shows changes by the minute. */
  refresh: '30s' | '1m' | '5m'
  variables: readonly Builder<VariableModel>[]
  marks?: readonly Builder<AnnotationQuery>[]
  panels: readonly Builder<Panel>[]
}

export function boardOf(plan: BoardPlan): Dashboard {
  const builder = new DashboardBuilder(`Bellwether · ${bothOf(boardTitles[plan.uid])}`)
    .uid(plan.uid)
    .description(paragraphs(plan.about.zh, plan.about.en))
    .tags(['bellwether'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: plan.from, to: 'now' })
    // Empty: the zone that the server is set to (`GF_DATE_FORMATS_DEFAULT_TIMEZONE`), or the user's own choice.
    .timezone('')
    .refresh(plan.refresh)
    .timepicker(new TimePickerBuilder().refreshIntervals(['30s', '1m', '5m', '15m', '1h']))
    .links(boardLinks(plan.uid))
    .variables([...plan.variables])
    .annotations([...(plan.marks ?? [])])
  for (const panel of plan.panels) builder.withPanel(panel)
  return builder.build()
}
