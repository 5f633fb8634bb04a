/** Alerts as marks on the charts of a board: when each was raised or became worse, with its sentence. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { type AlertLevel, alertLevels } from '../../domain/rule.ts'
import { dataSource, inScope, marked, select } from './influxql.ts'
import { levelCode, levelColours, levelName } from './levels.ts'
import { both } from './text.ts'

/** With or without the prefix of the webhook's type. */
export const becameWorse = '"type" =~ /^(alert\\.)?(raised|escalated)$/'

/** Marks of each level, for alerts of sites and districts chosen on the board. */
export function alertMarks(): Builder<AnnotationQuery>[] {
  return alertLevels.map(marksOf)
}

function marksOf(level: AlertLevel): Builder<AnnotationQuery> {
  const query = select({
    what: '"text_$lang" AS "text", "tags"',
    from: 'alert_event',
    where: [inScope, becameWorse, `"level_code" = ${levelCode(level)}`],
  })
  const target = marked({
    datasource: dataSource,
    fromAnnotations: true,
    query,
    rawQuery: true,
    refId: `alerts-${level}`,
    tagsColumn: 'tags',
    textColumn: 'text',
    textEditor: true,
  })
  return new AnnotationQueryBuilder()
    .name(both('告警', `Alerts · ${levelName(level)}`))
    .datasource(dataSource)
    .enable(true)
    .iconColor(levelColours[level])
    .target({ build: () => target })
}
