import type { Links, Row } from './incident-log.js'
import { reciprocalRank } from './ranking.js'
import { clusteredMean } from './resampling.js'
import { type Answered, METHODS, type Method } from './retrieval.js'

type Measure = (ranking: readonly string[], right: ReadonlySet<string>) => number
type Truth = (answer: Answered) => ReadonlySet<string>

const recall =
  (most: number): Measure =>
  (ranking, right) =>
    ranking.slice(0, most).some((number) => right.has(number)) ? 1 : 0

const MEASURES: Readonly<Record<string, Measure>> = {
  'recall@5': recall(5),
  'recall@10': recall(10),
  'mean reciprocal rank': reciprocalRank,
}
const knownTruth: Truth = ({ query }) => query.knownBefore
const linkedTruth: Truth = ({ query }) => query.linkedBefore

/** What was measured, of all queries and without the problem that most of them are about. */
export function retrievalReport(
  rows: readonly Row[],
  links: Links,
  answers: readonly Answered[],
): readonly string[] {
  const incidents = new Set(rows.map(({ number }) => number)).size
  const problems = countBy(answers, ({ query }) => query.problem)
  const [largest = '', share = 0] = [...problems].sort(([, a], [, b]) => b - a)[0] ?? []
  const others = answers.filter(({ query }) => query.problem !== largest)
  const asked = new Set(answers.map(({ query }) => query.number)).size
  const linked = new Set(links.all.map(({ number }) => number)).size
  return [
    `${incidents} incidents, ${linked} of them linked to a problem (${links.all.length} pairs)`,
    `${answers.length} pairs (${asked} incidents, ${problems.size} problems) have an earlier incident of the same problem`,
    'right: any incident of the same problem that an earlier row tells of; recall@k: one of them is among the first k',
    '',
    ...table(`all ${answers.length} queries`, answers, knownTruth),
    ...table(`without ${largest} (${share} queries)`, others, knownTruth),
    ...table('right only if linked to the problem by then', answers, linkedTruth),
  ]
}

function table(title: string, answers: readonly Answered[], truth: Truth): string[] {
  const figures = (method: Method, measure: Measure) =>
    answers.map((answer) => ({
      cluster: answer.query.problem,
      value: measure(answer.rankings[method], truth(answer)),
    }))
  const lines = [title]
  for (const [name, measure] of Object.entries(MEASURES)) {
    lines.push(`  ${name}`)
    for (const method of Object.keys(METHODS) as Method[]) {
      const { mean, low, high } = clusteredMean(figures(method, measure))
      lines.push(`    ${shown(mean)}  [${shown(low)}, ${shown(high)}]  ${METHODS[method]}`)
    }
    for (const baseline of ['sameCategory', 'sameKind'] as const) {
      const theirs = figures(baseline, measure)
      const { mean, low, high } = clusteredMean(
        figures('correlation', measure).map(({ cluster, value }, i) => ({
          cluster,
          value: value - theirs[i]!.value,
        })),
      )
      const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'not told apart'
      lines.push(
        `    ${signed(mean)} [${signed(low)}, ${signed(high)}]  ${verdict}: the view less ${METHODS[baseline]}`,
      )
    }
  }
  return [...lines, '']
}

/** Queries that the first ten did not answer: what kept the right ones away. */
export function failuresReport(answers: readonly Answered[]): readonly string[] {
  const failed = answers.filter(
    ({ query, rankings }) => recall(10)(rankings.correlation, query.knownBefore) === 0,
  )
  const unlisted = failed.filter(({ listed }) => listed === 0)
  const byProblem = [...countBy(failed, ({ query }) => query.problem)].sort(([, a], [, b]) => b - a)
  const shownFailures = failed.map(({ query, rankings, listed }) => {
    const place = rankings.correlation.findIndex((number) => query.knownBefore.has(number)) + 1
    const { category = '-', subcategory = '-', symptom = '-', location = '-', group = '-' } = query.row
    const found = place > 0 ? `first right one at ${place}` : 'no right one listed'
    return `    ${query.number} ${query.problem}: ${found}, ${listed} of ${query.knownBefore.size} listed; ${[category, subcategory, symptom, location, group].join(', ')}`
  })
  return [
    `not among the first ten: ${failed.length} of ${answers.length}, in ${unlisted.length} of them no right one stood in a list`,
    `  by problem: ${byProblem.map(([problem, count]) => `${problem} ${count}`).join(', ')}`,
    ...shownFailures,
  ]
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return counts
}

const shown = (figure: number) => figure.toFixed(3)
const signed = (figure: number) => `${figure < 0 ? '-' : '+'}${Math.abs(figure).toFixed(3)}`
