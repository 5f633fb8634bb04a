/** The devices themselves. */

import type { QualityDefaults } from './default.ts'

export const device: QualityDefaults = {
  battery: {
    tests: { other_unit: { below: 15 } },
    why: 'Percent are whole numbers near empty; 3.359 or 12.6 are volts, 0.87 is a share of one. A profile that declares the unit or a scale of the key switches it off.',
  },
}
