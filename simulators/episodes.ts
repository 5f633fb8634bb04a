/**
 * What happens to the city beyond its everyday life: a cloudburst, days of smog, a sewage spill.
 * An episode is plain data; the models read it and stay pure functions of time.
 */

import { minuteMs } from './calendar.ts'

export const episodeKinds = ['cloudburst', 'pollution', 'spill'] as const
export type EpisodeKind = (typeof episodeKinds)[number]

export interface Episode {
  kind: EpisodeKind
  /** Milliseconds since 1970 UTC, in the city's own (simulated) time. */
  startMs: number
  /** How long its cause acts; what follows from it (a river's wave, say) lasts longer. */
  durationMs: number
  /** 1 reaches the highest alert level of the shipped rules at the worst places; 0.5 half of that. */
  intensity: number
}

/** How long the cause of each kind acts when nothing else is asked for. */
export const usualDurationMs: Readonly<Record<EpisodeKind, number>> = {
  cloudburst: 120 * minuteMs,
  pollution: 720 * minuteMs,
  spill: 180 * minuteMs,
}

export function episode(
  kind: EpisodeKind,
  startMs: number,
  extent: { durationMs?: number; intensity?: number } = {},
): Episode {
  return {
    kind,
    startMs,
    durationMs: extent.durationMs ?? usualDurationMs[kind],
    intensity: extent.intensity ?? 1,
  }
}

/** 0 outside the episode, up to 1 within: a third of it rising, a third standing, a third falling. */
export function swell(of: Episode, atMs: number): number {
  const part = ((atMs - of.startMs) / of.durationMs) * 3
  if (part <= 0 || part >= 3) return 0
  if (part >= 1 && part <= 2) return 1
  const t = part < 1 ? part : 3 - part
  return t * t * (3 - 2 * t)
}

/** What the models compute from: the city's own chance, and what happens to it. */
export interface Scene {
  key: number
  episodes: readonly Episode[]
}
