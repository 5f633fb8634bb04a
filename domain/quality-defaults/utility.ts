/**
 * Water works and pipes. Meters and pumps differ by orders of magnitude and a burst main is a step, so flow and power
 * have the gross range and the sentinel test only; water hammer is real, so pressure has no spike test. Methane warns
 * of explosions: nothing but its plausible range may keep an alarm back.
 */

import type { QualityDefaults } from './default.ts'

export const utility: QualityDefaults = {
  pipe_pressure: {
    tests: { flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-110, 2] } },
    why: 'A closed and empty pipe stands near 0.',
  },
  pressure_head: {
    tests: { flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-15, 0.2] } },
    why: 'As the pressure.',
  },
  tank_level: {
    tests: {
      spike: { suspect: 3, fail: 10 },
      flat_line: { suspect: '7d', fail: '30d', tolerance: 1e-6 },
    },
    why: 'Waves and foam under an ultrasonic sensor are single samples. A tank out of use stands still.',
  },
}
