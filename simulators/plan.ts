/** Words of the command line turned into what the simulators take; a wrong word is answered with what is allowed. */

import { durationMs, durationSchema } from '../domain/text.ts'
import { type Episode, type EpisodeKind, episode, episodeKinds } from './episodes.ts'
import { everydayFaults, type FaultRates, faultKinds, harshFaults, noFaults } from './faults.ts'

/** An episode whose start counts from the start of the run, in the city's time. */
export interface PlannedEpisode {
  kind: EpisodeKind
  afterMs: number
  durationMs?: number
  intensity?: number
}

/** `cloudburst@2h`, with an intensity `cloudburst@2h*0.8`; kinds are cloudburst, pollution, spill. */
export function parseEpisode(text: string): PlannedEpisode {
  const [kindText = '', rest = ''] = text.split('@')
  const [afterText = '', intensityText = '1'] = rest.split('*')
  const kind = episodeKinds.find((known) => known === kindText)
  const intensity = Number(intensityText)
  if (kind === undefined || !durationSchema.safeParse(afterText).success) {
    throw new RangeError(
      `episode "${text}" must be one of ${episodeKinds.join(', ')}, "@" and a time such as 30m or 2h, like cloudburst@2h`,
    )
  }
  if (!(intensity > 0 && intensity <= 2)) {
    throw new RangeError(`episode "${text}": the intensity must be above 0 and at most 2`)
  }
  return { kind, afterMs: durationMs(afterText), intensity }
}

export function episodesFrom(planned: readonly PlannedEpisode[], startMs: number): Episode[] {
  return planned.map(({ kind, afterMs, ...extent }) => episode(kind, startMs + afterMs, extent))
}

const presets: Readonly<Record<string, FaultRates>> = {
  none: noFaults,
  some: everydayFaults,
  many: harshFaults,
}

/** `none`, `some`, `many`, or shares from 0 to 1 such as `spike=0.01,outage=0.1` (the others are 0). */
export function parseFaults(text: string): FaultRates {
  const preset = presets[text]
  if (preset !== undefined) return preset
  const rates = { ...noFaults }
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=')
    const kind = faultKinds.find((known) => known === name.trim())
    const share = value.trim() === '' ? Number.NaN : Number(value)
    if (kind === undefined || !(share >= 0 && share <= 1)) {
      throw new RangeError(
        `faults "${part}" must be none, some, many, or name=share with a share from 0 to 1 and a name of ${faultKinds.join(', ')}`,
      )
    }
    rates[kind] = share
  }
  return rates
}
