/**
 * How long acknowledgements took lately: median and 99th percentile of the last ten to twenty seconds, to a few per
 * cent. Two histograms take turns, so that a bad minute is told while it lasts and forgotten soon after.
 */

export interface AckTimes {
  took(seconds: number): void
  /** Milliseconds; null when nothing was acknowledged lately. */
  lately(): { p50: number; p99: number } | null
}

const turnMs = 10_000
/** Buckets grow by a twelfth of a factor of two (6 %), from 10 µs to 84 s. */
const perDoubling = 12
const buckets = 23 * perDoubling
const smallestMs = 0.01

export function createAckTimes(monotonic: () => number): AckTimes {
  let current = new Uint32Array(buckets)
  let before = new Uint32Array(buckets)
  let since = monotonic()

  function turn(): void {
    const passedMs = monotonic() - since
    if (passedMs < turnMs) return
    before = passedMs < 2 * turnMs ? current : new Uint32Array(buckets)
    current = new Uint32Array(buckets)
    since = monotonic()
  }

  function quantile(total: number, share: number): number {
    let left = total * share
    for (let bucket = 0; bucket < buckets; bucket++) {
      left -= (current[bucket] ?? 0) + (before[bucket] ?? 0)
      if (left <= 0) return middleOf(bucket)
    }
    return middleOf(buckets - 1)
  }

  return {
    took(seconds) {
      turn()
      const bucket = Math.floor(Math.log2((seconds * 1_000) / smallestMs) * perDoubling)
      const at = Math.min(Math.max(0, bucket), buckets - 1)
      current[at] = (current[at] ?? 0) + 1
    },
    lately() {
      turn()
      let total = 0
      for (let bucket = 0; bucket < buckets; bucket++) {
        total += (current[bucket] ?? 0) + (before[bucket] ?? 0)
      }
      return total === 0 ? null : { p50: quantile(total, 0.5), p99: quantile(total, 0.99) }
    },
  }
}

function middleOf(bucket: number): number {
  const ms = smallestMs * 2 ** ((bucket + 0.5) / perDoubling)
  return Number(ms.toPrecision(3))
}
