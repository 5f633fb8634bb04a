/**
 * Air: no bound on how fast a pollutant may rise. Fires, fireworks and dust fronts rise within one sample, and that
 * is what people want to be told of. Only a peak of a single sample, far beyond what was recorded, is suspect.
 *
 * "Recorded" is the hourly data of docs/quality.md: Beijing, December 2015, and an Italian street, 2004–2005. A peak
 * is the smaller of the two steps around a sample.
 */

import type { QualityDefault, QualityDefaults } from './default.ts'

/** Clean air shows the detection limit for hours; a sensor that is stuck higher is stuck. */
function pollutant(spike: readonly [number, number], limit: number, why: string): QualityDefault {
  const [suspect, fail] = spike
  return {
    tests: {
      spike: { suspect, fail },
      flat_line: { suspect: '48h', fail: '96h', tolerance: 1e-6, except: [-10, limit] },
    },
    why,
  }
}

const dust = pollutant(
  [1_500, 4_000],
  10,
  'Recorded peaks reach 446 ug/m3; dust storms stand for hours, so a single sample of thousands is a fault.',
)

export const air: QualityDefaults = {
  pm25: pollutant(
    [800, 2_000],
    10,
    'Recorded peaks reach 151 ug/m3, firework nights some 800; the recorded false spike is 2,147.',
  ),
  pm1: pollutant([800, 2_000], 10, 'As PM2.5.'),
  pm10: dust,
  tsp: dust,
  so2: pollutant(
    [500, 2_000],
    10,
    'Recorded peaks reach 28 ug/m3, steps 61; industry can reach hundreds.',
  ),
  no2: pollutant([400, 1_500], 10, 'Recorded peaks reach 80 ug/m3, steps 141.'),
  no: pollutant([1_500, 4_000], 10, 'As NOx.'),
  nox: pollutant(
    [1_500, 4_000],
    10,
    'Recorded peaks reach 461 ppb (some 900 ug/m3), steps 653 ppb.',
  ),
  o3: pollutant(
    [300, 1_000],
    10,
    'Recorded peaks reach 32 ug/m3; it stands at the detection limit for nights.',
  ),
  co: pollutant(
    [20, 60],
    1,
    'Recorded peaks reach 3.5 mg/m3, steps 6.3; in resolution 0.1 it stands for a day.',
  ),
  co2: {
    tests: {
      gross_range: { suspect: [250, 40_000] },
      spike: { suspect: 3_000, fail: 10_000 },
      flat_line: { suspect: '48h', fail: '96h', tolerance: 1e-6 },
    },
    why: 'Outdoor air holds more than 400 ppm; less than 250 is a calibration that drifted. 40,000 ppm is the limit of danger to life.',
  },
  noise: {
    tests: {
      gross_range: { suspect: [15, 150] },
      flat_line: { suspect: '12h', fail: '48h', tolerance: 1e-6, except: [0, 30] },
    },
    why: 'Quieter than 15 dB is an anechoic room, louder than 150 dB destroys microphones. Bangs are real, so no spike test.',
  },
}
