/**
 * Concentrations of gases as shares of the air (ppm, ppb), in which the US index has its breakpoints, from mass per
 * volume, in which stations report. Taken at 25 °C and 1013.25 hPa (298.15 K: GB 3095 for gases; 40 CFR 50), so one
 * mole of air is 24.465 L. Molar masses: IUPAC.
 */

/** L/mol: 8.314462618 J/(mol K) × 298.15 K / 101.325 kPa. */
const molarVolume = 24.465

/** g/mol. */
const molarMass: ReadonlyMap<string, number> = new Map([
  ['so2', 64.064],
  ['no2', 46.006],
  ['co', 28.01],
  ['o3', 47.998],
])

/** Micrograms of one unit of mass per cubic metre. */
const micrograms: ReadonlyMap<string, number> = new Map([
  ['ug/m3', 1],
  ['mg/m3', 1_000],
])

/** Parts per billion of one unit of share; UCUM writes them in brackets. */
const billionths: ReadonlyMap<string, number> = new Map([
  ['ppb', 1],
  ['[ppb]', 1],
  ['ppm', 1_000],
  ['[ppm]', 1_000],
])

/**
 * What a value in unit `from` is multiplied with to be in unit `to`; 1 when they are the same.
 * Throws when there is no way between them: an indicator of ours names a unit that is not understood.
 */
export function unitFactor(pollutant: string, from: string, to: string): number {
  if (from === to) return 1
  const mass = molarMass.get(pollutant)
  const perUnit = micrograms.get(from)
  const share = billionths.get(to)
  const otherMass = micrograms.get(to)
  if (perUnit !== undefined && otherMass !== undefined) return perUnit / otherMass
  if (mass === undefined || perUnit === undefined || share === undefined) {
    throw new Error(`${pollutant} cannot be converted from ${from} to ${to}.`)
  }
  return (perUnit * molarVolume) / mass / share
}
