/**
 * Conversions into the catalogue's units: `value = sent × scale + offset`, keyed by UCUM code.
 * Only conversions that are exact by definition are here. Mole fractions (ppm, ppb) of a gas are left out:
 * they need the temperature and pressure of the air they were measured in.
 */

type Convertible = Readonly<Record<string, { scale: number; offset: number }>>

function scaled(scales: Readonly<Record<string, number>>): Convertible {
  return Object.fromEntries(
    Object.entries(scales).map(([unit, scale]) => [unit, { scale, offset: 0 }]),
  )
}

export const none: Convertible = {}

/** Into `ug/m3`. */
export const intoMicrogramPerCubicMetre = scaled({ 'ng/m3': 1e-3, 'mg/m3': 1e3, 'g/m3': 1e6 })
/** Into `mg/m3`. */
export const intoMilligramPerCubicMetre = scaled({ 'ug/m3': 1e-3, 'g/m3': 1e3 })
/** Into `mg/L`. */
export const intoMilligramPerLitre = scaled({
  'ng/L': 1e-6,
  'ug/L': 1e-3,
  'g/L': 1e3,
  'mg/m3': 1e-3,
  'g/m3': 1,
  'kg/m3': 1e3,
})
/** Into `ug/L`. */
export const intoMicrogramPerLitre = scaled({
  'ng/L': 1e-3,
  'mg/L': 1e3,
  'ug/m3': 1e-3,
  'mg/m3': 1,
})
/** Into `m`; the foot and the inch are the international ones of 1959. */
export const intoMetre = scaled({ km: 1e3, cm: 1e-2, mm: 1e-3, '[ft_i]': 0.3048, '[in_i]': 0.0254 })
/** Into `mm`. */
export const intoMillimetre = scaled({ m: 1e3, cm: 10, um: 1e-3, '[in_i]': 25.4 })
/** Into `m3/s`. */
export const intoCubicMetrePerSecond = scaled({
  'm3/h': 1 / 3_600,
  'm3/min': 1 / 60,
  'm3/d': 1 / 86_400,
  'L/s': 1e-3,
  'L/min': 1 / 60_000,
  'L/h': 1 / 3_600_000,
})
/** Into `m3/h`. */
export const intoCubicMetrePerHour = scaled({
  'm3/s': 3_600,
  'm3/d': 1 / 24,
  'L/s': 3.6,
  'L/min': 0.06,
  'L/h': 1e-3,
})
/** Into `m3`. */
export const intoCubicMetre = scaled({ L: 1e-3, dm3: 1e-3 })
/** Into `m/s`. */
export const intoMetrePerSecond = scaled({
  'km/h': 1 / 3.6,
  'cm/s': 1e-2,
  'mm/s': 1e-3,
  '[kn_i]': 1_852 / 3_600,
  '[mi_i]/h': 0.44704,
})
/** Into `Cel`. */
export const intoCelsius: Convertible = {
  K: { scale: 1, offset: -273.15 },
  '[degF]': { scale: 5 / 9, offset: -160 / 9 },
}
/** Into `hPa`. */
export const intoHectopascal = scaled({ Pa: 1e-2, kPa: 10, mbar: 1, bar: 1e3, atm: 1_013.25 })
/** Into `kPa`; `m[H2O]` is the conventional metre of water, 9.806 65 kPa. */
export const intoKilopascal = scaled({
  Pa: 1e-3,
  hPa: 0.1,
  MPa: 1e3,
  bar: 100,
  mbar: 0.1,
  atm: 101.325,
  'm[H2O]': 9.80665,
})
/** Into `uS/cm`. */
export const intoMicrosiemensPerCentimetre = scaled({ 'mS/cm': 1e3, 'mS/m': 10, 'S/m': 1e4 })
/** Into `%`; the unit `1` is a plain fraction. */
export const intoPercent = scaled({ '1': 100 })
/** Into `deg`. */
export const intoDegree = scaled({ rad: 180 / Math.PI })
/** Into `V`. */
export const intoVolt = scaled({ mV: 1e-3 })
/** Into `mV`. */
export const intoMillivolt = scaled({ V: 1e3 })
