/** The middle of some figures; of an even number the lower one. */
export function median(figures: readonly number[]): number {
  return percentile(figures, 50)
}

/** The smallest figure that `p` per cent of them do not exceed; NaN of none. */
export function percentile(figures: readonly number[], p: number): number {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** How long something took, in milliseconds. */
export interface Latencies {
  count: number
  p50: number
  p99: number
  max: number
}

export function latencies(milliseconds: readonly number[]): Latencies {
  const [p50, p99, max] = [50, 99, 100].map((p) => percentile(milliseconds, p)) as [number, number, number]
  return { count: milliseconds.length, p50, p99, max }
}

/** The same measured several times: the median of each figure. */
export function medianLatencies(runs: readonly Latencies[]): Latencies {
  const of = (figure: keyof Latencies) => median(runs.map((run) => run[figure]))
  return { count: of('count'), p50: of('p50'), p99: of('p99'), max: of('max') }
}
