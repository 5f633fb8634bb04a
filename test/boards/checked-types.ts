/** Everything in a board that the SDK has a type of, as one type: `schema.test.ts` makes a JSON Schema of it. */

import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type * as geomap from '@grafana/grafana-foundation-sdk/geomap'
import type * as stat from '@grafana/grafana-foundation-sdk/stat'
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import type * as statushistory from '@grafana/grafana-foundation-sdk/statushistory'
import type * as table from '@grafana/grafana-foundation-sdk/table'
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import type * as xychart from '@grafana/grafana-foundation-sdk/xychart'

export interface Checked {
  board: Dashboard
  options: {
    bargauge: bargauge.Options
    geomap: geomap.Options
    stat: stat.Options
    'state-timeline': statetimeline.Options
    'status-history': statushistory.Options
    table: table.Options
    timeseries: timeseries.Options
    xychart: xychart.Options
  }
  custom: {
    'state-timeline': statetimeline.FieldConfig
    'status-history': statushistory.FieldConfig
    timeseries: timeseries.FieldConfig
    xychart: xychart.FieldConfig
  }
}
