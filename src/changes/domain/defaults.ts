/** What settings say about changes, and what holds until something is published: for the settings, and for changes. */

export const CHANGE_TYPES = ['standard', 'normal', 'emergency'] as const
export type ChangeType = (typeof CHANGE_TYPES)[number]

/** From the least to the greatest. */
export const RISKS = ['low', 'medium', 'high'] as const
export type Risk = (typeof RISKS)[number]

/** How two uses of the same things get into each other's way; the first three are about another change. */
export const CONFLICT_KINDS = [
  'ci-busy',
  'related-ci-busy',
  'assignee-busy',
  'outside-maintenance-window',
  'in-blackout',
] as const
export type ConflictKind = (typeof CONFLICT_KINDS)[number]

/** What a rule looks at; all that is given must hold. */
export interface RiskCondition {
  types?: readonly ChangeType[]
  /** At least so many affected CIs. */
  affectedCis?: number
  /** One of them is of one of these classes, or of one below. */
  ciClasses?: readonly string[]
  /** The window is longer than so many minutes. */
  longerThanMinutes?: number
}
export interface RiskRule {
  name: string
  when: RiskCondition
  risk: Risk
}
export interface RiskQuestion {
  id: string
  question: string
  answers: readonly { answer: string; score: number }[]
}
/** Rules and questionnaire; the worse of both is the risk. */
export interface RiskMatrix {
  rules: readonly RiskRule[]
  questions: readonly RiskQuestion[]
  /** The sum of the scores gives the risk of the last threshold that it reaches; below the first it is low. */
  thresholds: readonly { score: number; risk: Risk }[]
}

export const DEFAULT_RISK_MATRIX: RiskMatrix = {
  rules: [
    { name: 'emergency', when: { types: ['emergency'] }, risk: 'medium' },
    { name: 'many items', when: { affectedCis: 10 }, risk: 'medium' },
    { name: 'very many items', when: { affectedCis: 100 }, risk: 'high' },
    { name: 'longer than a working day', when: { longerThanMinutes: 480 }, risk: 'medium' },
  ],
  questions: [
    {
      id: 'success',
      question: 'How often has this been done with success?',
      answers: [
        { answer: 'often', score: 0 },
        { answer: 'once or twice', score: 1 },
        { answer: 'never', score: 3 },
      ],
    },
    {
      id: 'backout',
      question: 'How is it backed out?',
      answers: [
        { answer: 'at once', score: 0 },
        { answer: 'within the window', score: 1 },
        { answer: 'not at all', score: 3 },
      ],
    },
    {
      id: 'failure',
      question: 'Who notices when it fails?',
      answers: [
        { answer: 'nobody', score: 0 },
        { answer: 'some users', score: 1 },
        { answer: 'all users of a service', score: 3 },
      ],
    },
  ],
  thresholds: [
    { score: 2, risk: 'medium' },
    { score: 5, risk: 'high' },
  ],
}

/** What becomes of somebody who does two things that should be done by two people. */
export type Segregation = 'allowed' | 'recorded' | 'refused'
export interface ChangeSettings {
  /** Hours after the start within which what was implemented before approval is to be ratified. */
  ratifyWithinHours: number
  /** Whether the one who wants the change may implement it. */
  requesterImplements: Segregation
  /** Whether one of those who approved it may implement it. */
  approverImplements: Segregation
}
export const DEFAULT_CHANGE_SETTINGS: ChangeSettings = {
  ratifyWithinHours: 48,
  requesterImplements: 'allowed',
  approverImplements: 'recorded',
}
