/**
 * Rivers, rain, streets, soil. Rates are far beyond any flood: a wall of water in a gorge rises by metres a minute,
 * a wrong unit by hundreds. Flow and sediment have no scale that fits both a ditch and the Yangtze, so they have the
 * gross range and the sentinel test only.
 */

import type { QualityDefaults } from './default.ts'

export const hydro: QualityDefaults = {
  water_level: {
    tests: {
      spike: { suspect: 3, fail: 10 },
      rate_of_change: { suspect: 20, fail: 100, per: '1m' },
      flat_line: { suspect: '7d', fail: '30d', tolerance: 1e-6 },
    },
    why: 'Recorded floods (Calder, Aire, Don) step by 0.34 m in 15 minutes at most, peaks 0.035 m. At 1 cm a creek stood still for 93 hours, a reservoir does for days.',
  },
  tide_level: {
    tests: {
      spike: { suspect: 3, fail: 10 },
      rate_of_change: { suspect: 20, fail: 100, per: '1m' },
      flat_line: { suspect: '12h', fail: '48h', tolerance: 1e-6 },
    },
    why: 'The bore of the Qiantang is up to 9 m high. A tide that stands still for half a day is no tide.',
  },
  groundwater_level: {
    tests: { spike: { suspect: 5, fail: 20 } },
    why: 'Pumping tests move it by metres; it may stand still for months.',
  },
  groundwater_depth: {
    tests: { spike: { suspect: 5, fail: 20 } },
    why: 'As the level.',
  },
  water_depth: {
    tests: {
      spike: { suspect: 2, fail: 5 },
      rate_of_change: { suspect: 5, fail: 20, per: '1m' },
      flat_line: { suspect: '7d', fail: '30d', tolerance: 1e-6, except: [-0.2, 0.05] },
    },
    why: 'An underpass fills within minutes; a pipe surges. Flooded ground stands still for days.',
  },
  wave_height: {
    tests: { gross_range: { suspect: [0, 32] }, spike: { suspect: 10, fail: 20 } },
    why: 'The highest wave measured from a ship is 29.1 m, the highest mean of a third 19 m.',
  },
  velocity: {
    tests: { gross_range: { suspect: [-15, 15] }, spike: { suspect: 5, fail: 15 } },
    why: 'Flash floods and spillways stay below 15 m/s.',
  },
  rainfall: {
    tests: {
      gross_range: { suspect: [0, 1_000] },
      interval_amount: { suspect: 422, exponent: 0.475 },
      flat_line: { suspect: '12h', fail: '48h', tolerance: 1e-6, except: [0, 0] },
    },
    why: 'The greatest rains ever measured lie below 422 mm × hours^0.475 (WMO-No. 168): 60 mm in a minute, 180 mm in 10 minutes. The wettest hour measured is 401 mm; intervals may be as long as a day. Rain comes in bursts (72.5 mm in one recorded hour), so no step is suspect.',
  },
  rain_intensity: {
    tests: {
      gross_range: { suspect: [0, 2_400] },
      flat_line: { suspect: '12h', fail: '48h', tolerance: 1e-6, except: [0, 0] },
    },
    why: 'WMO limit 40 mm per minute. Rain comes in bursts, so no step is suspect.',
  },
  soil_moisture: {
    tests: {
      gross_range: { suspect: [-1, 80] },
      spike: { suspect: 30, fail: 60 },
      flat_line: { suspect: '7d', fail: '30d', tolerance: 1e-6 },
    },
    why: 'Peat holds up to 80 % of its volume. Rain lifts it and it stays, so a single sample is a fault.',
  },
  soil_temperature: {
    tests: { spike: { suspect: 10, fail: 20 }, flat_line: { suspect: '7d', tolerance: 1e-6 } },
    why: 'The ground is slow; deep down it stands still for days.',
  },
}
