/** What panels on devices share: how recent a state must be, which devices are chosen, and when a signal is weak. */

import { inScope } from './influxql.ts'

/** States are written every 5 minutes. */
export const stateWindow = '11m'
export const chosenDevices = `${inScope} AND "device" =~ /^$device$/`

/** Below it an NB-IoT modem repeats itself many times and often fails: coverage enhancement level 2, usual figure. */
export const weakDbm = -115
