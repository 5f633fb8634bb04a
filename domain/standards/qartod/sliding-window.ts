/**
 * Count, mean, spread, least and greatest of the values in a window that slides along a series.
 *
 * Summaries are only ever joined and never subtracted (two stacks make a queue), so an outlier that has left the
 * window leaves no rounding error behind: a flat line after a spike is flat to the last bit. Constant time per step.
 */

export interface Summary {
  count: number
  mean: number
  /** Sum of squared distances from the mean. */
  squares: number
  min: number
  max: number
}

const nothing: Summary = { count: 0, mean: 0, squares: 0, min: Infinity, max: -Infinity }

/** Chan, Golub and LeVeque: mean and squares of two sets from those of each. */
function joined(a: Summary, b: Summary): Summary {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const count = a.count + b.count
  const apart = b.mean - a.mean
  return {
    count,
    mean: a.mean + (apart * b.count) / count,
    squares: a.squares + b.squares + (apart * apart * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  }
}

export function summaryOf(values: readonly (number | null)[]): Summary {
  return values.reduce<Summary>((all, value) => joined(all, single(value)), nothing)
}

function single(value: number | null): Summary {
  return value === null ? nothing : { count: 1, mean: value, squares: 0, min: value, max: value }
}

export interface SlidingWindow {
  /** Takes in the next value; a missing one takes a place and counts for nothing. */
  push(value: number | null): void
  /** Lets the oldest value go. */
  shift(): void
  summary(): Summary
}

export function createSlidingWindow(): SlidingWindow {
  /** Summaries of the oldest values, each with all that came after it up to `recent`; the oldest is last. */
  const front: Summary[] = []
  let recent: (number | null)[] = []
  let back = nothing
  return {
    push(value) {
      recent.push(value)
      back = joined(back, single(value))
    },
    shift() {
      if (front.length === 0) {
        let all = nothing
        for (let i = recent.length - 1; i >= 0; i--) {
          all = joined(single(recent[i] ?? null), all)
          front.push(all)
        }
        recent = []
        back = nothing
      }
      front.pop()
    },
    summary: () => joined(front.at(-1) ?? nothing, back),
  }
}
