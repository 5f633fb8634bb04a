/**
 * Weather: plausible limits of the WMO guidelines on quality control of automatic weather stations (Zahumensky 2004;
 * numbers from memory of the table, hence C), steps several times what was recorded.
 */

import type { QualityDefault, QualityDefaults } from './default.ts'

const still = { suspect: '48h', fail: '96h', tolerance: 1e-6 }

const temperature: QualityDefault = {
  tests: {
    gross_range: { suspect: [-80, 60] },
    spike: { suspect: 10, fail: 20 },
    rate_of_change: { suspect: 30, fail: 60, per: '1m' },
    flat_line: still,
    neighbour: { withinKm: 20, sites: 4, age: '1h', suspect: 15, ratio: 0.1 },
  },
  why: 'WMO limits −80…60 °C. WMO practice calls a step of 3 °C doubtful; recorded hourly steps reach 8.5 °C and the record is 27 °C in 2 minutes (Spearfish 1943). Neighbours: 15 °C is more than 2,000 m of height make.',
}

export const weather: QualityDefaults = {
  temperature,
  dew_point: {
    tests: {
      gross_range: { suspect: [-80, 40] },
      spike: { suspect: 15, fail: 30 },
      flat_line: still,
    },
    why: 'The highest dew point measured is 35 °C. Recorded hourly peaks reach 7.8 °C, steps 12.5 °C.',
  },
  humidity: {
    tests: {
      gross_range: { suspect: [0.5, 105] },
      spike: { suspect: 60, fail: 90 },
      flat_line: { ...still, except: [90, 110] },
    },
    why: 'WMO paper ET AWS-1/Doc 9(2): doubtful from 104 %. Less than 0.5 % is not of this world (once recorded, in Senegal). Recorded peaks reach 37 %, steps 52 %. In fog it stands near 100 % for days.',
  },
  pressure: {
    tests: {
      gross_range: { suspect: [500, 1_100] },
      spike: { suspect: 30, fail: 100 },
      rate_of_change: { suspect: 30, fail: 100, per: '1m' },
      flat_line: still,
    },
    why: 'WMO limits 500…1100 hPa. Recorded hourly steps reach 3.4 hPa; the deepest tornado measured 100 hPa.',
  },
  wind_speed: {
    tests: {
      gross_range: { suspect: [0, 75] },
      spike: { suspect: 40, fail: 75 },
      flat_line: { suspect: '48h', fail: '96h', tolerance: 1e-6, except: [0, 1] },
    },
    why: 'WMO limits 0…75 m/s. Recorded peaks reach 6.9 m/s. A calm may last for days, an exact breeze may not.',
  },
  wind_gust: {
    tests: {
      gross_range: { suspect: [0, 113.2] },
      flat_line: { suspect: '48h', fail: '96h', tolerance: 1e-6, except: [0, 1.5] },
    },
    why: 'The strongest gust measured is 113.2 m/s (Barrow Island 1996). Gusts come singly, so no spike test.',
  },
  wind_direction: {
    tests: { flat_line: { suspect: '48h', fail: '168h', tolerance: 1e-6 } },
    why: 'A vane stands still in a calm night. North is 0 and 360, so steps say nothing.',
  },
  solar_radiation: {
    tests: {
      gross_range: { suspect: [-20, 1_600] },
      flat_line: { suspect: '6h', fail: '24h', tolerance: 1e-6, except: [-50, 10] },
    },
    why: 'WMO limits 0…1600 W/m2; thermal offset at night goes a little below zero. Clouds make any step.',
  },
  snow_depth: {
    tests: { spike: { suspect: 1, fail: 3 } },
    why: 'An echo from a falling flake or an animal is a single sample.',
  },
}
