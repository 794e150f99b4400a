/** An event, or a message of it, as far as its place on a topic goes. */
export interface Placed {
  id: string
  key: string
  position: string
}

/** A topic held against what of the log it should carry. */
export interface TopicTally {
  expected: number
  /** Messages, repetitions included. */
  messages: number
  /** Messages beyond the first of their event. */
  repetitions: number
  /** What is wrong, in words: events that it lacks or should not carry, and keys whose first occurrences are not in log order. */
  wrong: string[]
}

/**
 * @param expected what should be there, in log order
 * @param partitions what is there
 */
export function tallyTopic(
  expected: readonly Placed[],
  partitions: readonly (readonly Placed[])[],
): TopicTally {
  const messages = partitions.flat()
  const there = new Set<string>()
  const firsts = messages.filter(({ id }) => !there.has(id) && there.add(id))
  const known = new Set(expected.map(({ id }) => id))
  const onTopic = byKey(firsts)
  const wrong = [
    ...expected.filter(({ id }) => !there.has(id)).map(({ key, position }) => `lacks ${key} at ${position}`),
    ...firsts.filter(({ id }) => !known.has(id)).map(({ key, position }) => `has ${key} at ${position}`),
  ]
  for (const [key, events] of byKey(expected)) {
    const wanted = events.filter(({ id }) => there.has(id)).map(({ id }) => id)
    const found = (onTopic.get(key) ?? []).filter(({ id }) => known.has(id)).map(({ id }) => id)
    if (wanted.join() !== found.join()) wrong.push(`disorder in ${key}`)
  }
  const repetitions = messages.length - firsts.length
  return { expected: expected.length, messages: messages.length, repetitions, wrong }
}

function byKey(events: readonly Placed[]): Map<string, Placed[]> {
  const keys = new Map<string, Placed[]>()
  for (const event of events) keys.set(event.key, [...(keys.get(event.key) ?? []), event])
  return keys
}
