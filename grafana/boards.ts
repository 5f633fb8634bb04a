/** All boards, in the order in which they are linked. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { airBoard } from './air.ts'
import { alertsBoard } from './alerts.ts'
import { bellwetherBoard } from './bellwether.ts'
import { cityBoard } from './city.ts'
import { devicesBoard } from './devices.ts'
import { drinkingBoard } from './drinking-water.ts'
import { riversBoard } from './rivers.ts'
import { streetsBoard } from './streets.ts'
import { waterBoard } from './surface-water.ts'
import { utilitiesBoard } from './utilities.ts'

export const boards: readonly Dashboard[] = [
  cityBoard,
  airBoard,
  riversBoard,
  streetsBoard,
  waterBoard,
  drinkingBoard,
  utilitiesBoard,
  alertsBoard,
  devicesBoard,
  bellwetherBoard,
]
