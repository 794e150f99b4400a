import { seeded } from '../opening.js'
import { percentile } from '../statistics.js'

export interface Interval {
  mean: number
  low: number
  high: number
}

const RESAMPLES = 10_000

/**
 * The mean of figures, with its 95 % interval: percentile bootstrap over clusters (Field and Welsh, "Bootstrapping clustered data",
 * 2007), since queries about one problem are no independent ones.
 */
export function clusteredMean(figures: readonly { cluster: string; value: number }[], seed = 1): Interval {
  const clusters = new Map<string, { sum: number; count: number }>()
  for (const { cluster, value } of figures) {
    const { sum, count } = clusters.get(cluster) ?? { sum: 0, count: 0 }
    clusters.set(cluster, { sum: sum + value, count: count + 1 })
  }
  const all = [...clusters.values()]
  const random = seeded(seed)
  const means: number[] = []
  for (let n = 0; n < RESAMPLES; n++) means.push(meanOf(all.map(() => all[random() % all.length]!)))
  return { mean: meanOf(all), low: percentile(means, 2.5), high: percentile(means, 97.5) }
}

function meanOf(clusters: readonly { sum: number; count: number }[]): number {
  let [sum, count] = [0, 0]
  for (const cluster of clusters) {
    sum += cluster.sum
    count += cluster.count
  }
  return sum / count
}
