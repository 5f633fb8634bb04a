/**
 * Water quality. Spikes are bubbles, wipers and weed: single samples far beyond the rest. Their thresholds are several
 * times the largest peak of the recorded storm of Pringle Creek (NEON PRIN, 2019; figures in docs/quality.md). Spills stand
 * for longer than a sample, so nothing limits how fast a value may rise, but where chemistry does.
 */

import type { QualityDefault, QualityDefaults } from './default.ts'

/** A sensor that repeats one number for days; wet chemistry below its detection limit is excepted. */
function sonde(
  spike: readonly [number, number],
  why: string,
  more: Partial<QualityDefault['tests']> = {},
): QualityDefault {
  const [suspect, fail] = spike
  return {
    tests: {
      spike: { suspect, fail },
      flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6 },
      ...more,
    },
    why,
  }
}

function analyser(spike: readonly [number, number], limit: number): QualityDefault {
  return sonde(
    spike,
    'Measured every few hours; an illegal discharge may be one sample, so only absurd peaks.',
    {
      flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-10, limit] },
    },
  )
}

function disinfectant(): QualityDefault {
  return sonde(
    [3, 10],
    'GB 5749-2022 allows up to 2 mg/L (3 for total chlorine); shocks are dosed for hours.',
    {
      flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-0.1, 0.05] },
    },
  )
}

export const water: QualityDefaults = {
  ph: sonde([0.7, 2], 'Recorded peaks without a fault reach 0.1; the false ones 0.75 to 1.09.', {
    gross_range: { suspect: [2, 12] },
    rate_of_change: { suspect: 5, fail: 10, per: '1m' },
  }),
  water_temperature: sonde([5, 15], 'Recorded peaks reach 0.7 °C, steps 1.6 °C.', {
    gross_range: { suspect: [-2, 50] },
    rate_of_change: { suspect: 30, fail: 60, per: '1m' },
  }),
  dissolved_oxygen: sonde(
    [3, 8],
    'Recorded peaks reach 1.7 mg/L. Algae in the sun reach 25 mg/L.',
    {
      gross_range: { suspect: [-0.08, 30] },
      flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-0.08, 0.3] },
    },
  ),
  oxygen_saturation: sonde([40, 100], 'As dissolved oxygen.', {
    gross_range: { suspect: [-1, 300] },
    flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-5, 3] },
  }),
  conductivity: sonde(
    [5_000, 20_000],
    'Recorded peaks reach 120 uS/cm in fresh water; in a tidal river it swings by tens of thousands.',
  ),
  salinity: sonde([10, 25], 'A tidal river swings between fresh water and sea (35).'),
  turbidity: sonde(
    [400, 1_000],
    'Recorded peaks of a storm reach 137 at 1 minute; the false ones of 24 September 1,349 to 1,594.',
    {
      gross_range: { suspect: [-1, 50_000] },
      flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-10, 0.1] },
    },
  ),
  chlorophyll_a: sonde([300, 1_000], 'Recorded peaks reach 151 ug/L; algae drift in clumps.', {
    gross_range: { suspect: [-3, 50_000] },
    flat_line: { suspect: '72h', fail: '14d', tolerance: 1e-6, except: [-10, 0.5] },
  }),
  fdom: sonde([1_000, 3_000], 'Recorded peaks reach 496 QSU in a storm.'),
  orp: sonde([500, 1_500], 'Anoxic water turns within minutes by hundreds of mV.'),
  residual_chlorine: disinfectant(),
  total_chlorine: disinfectant(),
  chlorine_dioxide: disinfectant(),
  ozone_residual: disinfectant(),
  codmn: analyser([200, 1_000], 1),
  cod: analyser([2_000, 10_000], 15),
  nh3n: analyser([200, 1_000], 0.1),
  tn: analyser([200, 1_000], 0.2),
  tp: analyser([50, 200], 0.05),
}
