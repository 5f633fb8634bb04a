/**
 * Levels in decibels. Their mean is the level of the mean energy, 10·lg of the mean of 10^(L/10): the equivalent
 * continuous level of GB 3096-2008 (clause 3.2) and ISO 1996-1. Of 60 and 70 dB it is 67.4 dB, not 65.
 */

export function energyOf(level: number): number {
  return 10 ** (level / 10)
}

export function levelOf(energy: number): number {
  return 10 * Math.log10(energy)
}
