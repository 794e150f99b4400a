import type { Agreement, Signal } from './similarity.js'

/** How many links rest on what: by signal and value. */
export type Grounds = Readonly<Record<string, number>>

/** Grounds that are kept, the most frequent. */
const MOST_GROUNDS = 40
const SEPARATOR = ':'

/** What a link rests on: signal and value, of words one by one. Nearness in time is none: every link has it. */
export function groundsIn(agreements: readonly Agreement[]): readonly string[] {
  const grounds: string[] = []
  for (const { signal, value } of agreements) {
    if (signal === 'time') continue
    for (const one of signal === 'words' ? value.split(' ') : [value]) grounds.push(signal + SEPARATOR + one)
  }
  return grounds
}

/** With those of one link more (1), or without them (-1); what no link rests on any more is not told. */
export function counted(grounds: Grounds, ofLink: readonly string[], step: 1 | -1): Grounds {
  const next: Record<string, number> = { ...grounds }
  for (const ground of ofLink) {
    const count = (next[ground] ?? 0) + step
    if (count > 0) next[ground] = count
    else delete next[ground]
  }
  return mostFrequent(next)
}

export function together(one: Grounds, other: Grounds): Grounds {
  const sum: Record<string, number> = { ...one }
  for (const [ground, count] of Object.entries(other)) sum[ground] = (sum[ground] ?? 0) + count
  return mostFrequent(sum)
}

function mostFrequent(grounds: Grounds): Grounds {
  const entries = Object.entries(grounds)
  if (entries.length <= MOST_GROUNDS) return grounds
  return Object.fromEntries(
    entries.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, MOST_GROUNDS),
  )
}

export interface Ground {
  signal: Signal
  value: string
  count: number
}

/** What links rest on, the most frequent first. */
export function groundsOf({ grounds }: { grounds: Grounds }): readonly Ground[] {
  return Object.entries(grounds)
    .map(([ground, count]) => {
      const at = ground.indexOf(SEPARATOR)
      return { signal: ground.slice(0, at) as Signal, value: ground.slice(at + 1), count }
    })
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}
