import { InvalidInput } from '#libs/event-sourcing'
import type { ChangeRiskAssessed, Period } from './change.events.js'
import { type ChangeType, RISKS, type Risk, type RiskCondition, type RiskMatrix } from './defaults.js'

/** What the rules look at. */
export interface RiskTraits {
  readonly type: ChangeType
  readonly affectedCis: number
  /** Classes of the affected CIs, with all above them. */
  readonly ciClasses: readonly string[]
  readonly window: Period | null
}
export type RiskAnswers = Readonly<Record<string, string>>

export function worse(one: Risk, other: Risk): Risk {
  return RISKS.indexOf(one) > RISKS.indexOf(other) ? one : other
}

/**
 * The worse of what the rules say and what the answers add up to; unanswered, the rules alone.
 * @throws InvalidInput `CHANGE.ANSWERS_INCOMPLETE` naming every question without one of its answers
 */
export function riskOf(
  traits: RiskTraits,
  answers: RiskAnswers | null,
  matrix: RiskMatrix,
): Omit<ChangeRiskAssessed['data'], 'matrixVersion'> {
  const fitting = matrix.rules.filter(({ when }) => holds(when, traits))
  const byRules = {
    risk: fitting.reduce<Risk>((risk, rule) => worse(risk, rule.risk), 'low'),
    rules: fitting.map(({ name }) => name),
  }
  if (answers === null) return { risk: byRules.risk, byRules, byAnswers: null }
  const score = scoreOf(answers, matrix)
  const byAnswers = { risk: riskOfScore(score, matrix), score, answers }
  return { risk: worse(byRules.risk, byAnswers.risk), byRules, byAnswers }
}

function holds(when: RiskCondition, { type, affectedCis, ciClasses, window }: RiskTraits): boolean {
  const minutes = window === null ? 0 : (Date.parse(window.end) - Date.parse(window.start)) / 60_000
  return (
    (when.types?.includes(type) ?? true) &&
    (when.affectedCis === undefined || affectedCis >= when.affectedCis) &&
    (when.ciClasses?.some((name) => ciClasses.includes(name)) ?? true) &&
    (when.longerThanMinutes === undefined || minutes > when.longerThanMinutes)
  )
}

/** Whether these are answers to the questions of this questionnaire, all of them. */
export function answersAll(answers: RiskAnswers, matrix: RiskMatrix): boolean {
  return wrongAnswers(answers, matrix).length === 0
}

function scoreOf(answers: RiskAnswers, matrix: RiskMatrix): number {
  const wrong = wrongAnswers(answers, matrix)
  if (wrong.length > 0)
    throw new InvalidInput('CHANGE.ANSWERS_INCOMPLETE', 'Answer every question of the questionnaire.', wrong)
  return matrix.questions.reduce(
    (sum, { id, answers: known }) => sum + known.find(({ answer }) => answer === answers[id])!.score,
    0,
  )
}

function wrongAnswers(answers: RiskAnswers, { questions }: RiskMatrix) {
  return [
    ...questions
      .filter(({ id, answers: known }) => !known.some(({ answer }) => answer === answers[id]))
      .map(({ id, answers: known }) => ({
        pointer: `/answers/${id}`,
        message: `must be one of ${known.map(({ answer }) => answer).join(', ')}`,
      })),
    ...Object.keys(answers)
      .filter((id) => !questions.some((question) => question.id === id))
      .map((id) => ({ pointer: `/answers/${id}`, message: 'is no question of the questionnaire' })),
  ]
}

function riskOfScore(score: number, { thresholds }: RiskMatrix): Risk {
  return thresholds
    .filter((threshold) => score >= threshold.score)
    .reduce<Risk>((risk, threshold) => worse(risk, threshold.risk), 'low')
}
