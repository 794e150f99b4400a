/** A regular expression, and how a matcher that goes back tries it: as long as that takes, however fast the machine is. */
export interface Pattern {
  readonly source: string
  readonly match: Matcher
}

/** Whether the text from `at` on matches and the rest of the expression, `then`, after it. */
type Matcher = (trial: Trial, at: number, then: (at: number) => boolean) => boolean

/** One text, and the steps that may still be taken on it. */
interface Trial {
  readonly text: string
  steps: number
}

class TooManySteps extends Error {}

/** One character. */
export const character = (source: string): Pattern => {
  const expression = new RegExp(`^${source}$`, 'u')
  return {
    source,
    match(trial, at, then) {
      if (trial.steps-- === 0) throw new TooManySteps()
      return at < trial.text.length && expression.test(trial.text[at]!) && then(at + 1)
    },
  }
}

export const sequence = (parts: readonly Pattern[]): Pattern => ({
  source: parts.map(({ source }) => source).join(''),
  match(trial, at, then) {
    const from = (part: number, at: number): boolean =>
      part === parts.length ? then(at) : parts[part]!.match(trial, at, (end) => from(part + 1, end))
    return from(0, at)
  },
})

export const choice = (alternatives: readonly Pattern[]): Pattern => ({
  source: alternatives.map(({ source }) => source).join('|'),
  match: (trial, at, then) => alternatives.some(({ match }) => match(trial, at, then)),
})

const BOUNDS = {
  '': [1, 1],
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
  '?': [0, 1],
  '{2}': [2, 2],
  '{1,9}': [1, 9],
} as const

export type Quantifier = keyof typeof BOUNDS

/** A group, as often as it can be; one more time may not match nothing (ECMA-262, RepeatMatcher). */
export const repeated = (inner: Pattern, quantifier: Quantifier): Pattern => {
  const [least, most] = BOUNDS[quantifier]
  return {
    source: `(${inner.source})${quantifier}`,
    match(trial, at, then) {
      const after = (times: number, at: number): boolean =>
        (times < most &&
          inner.match(trial, at, (end) => (end > at || times < least) && after(times + 1, end))) ||
        (times >= least && then(at))
      return after(0, at)
    },
  }
}

/** Whether the whole text matches; undefined: that takes more than so many looks at a character. */
export function matches({ match }: Pattern, text: string, steps: number): boolean | undefined {
  try {
    return match({ text, steps }, 0, (end) => end === text.length)
  } catch (error) {
    if (error instanceof TooManySteps) return undefined
    throw error
  }
}
