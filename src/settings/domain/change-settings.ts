import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { type ChangeSettings, RISKS, type RiskMatrix } from '../../changes/domain/defaults.js'
import { nameErrors } from './setting-names.js'
import type { PublishChangeRisk, PublishChangeSettings } from './settings.commands.js'
import type { ChangeRiskPublished, ChangeSettingsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** How the risk of a change is found: a change records the version that it was judged by. */
export const changeRiskDecider = versionedDecider<RiskMatrix, PublishChangeRisk, ChangeRiskPublished>({
  published: 'ChangeRiskPublished',
  contentOf: ({ matrix }) => matrix,
  check({ data: { matrix } }) {
    refuse('SETTINGS.CHANGE_RISK_MALFORMED', [
      ...matrix.rules.flatMap((_, index) => nameErrors('rules', index, matrix.rules)),
      ...matrix.questions.flatMap((question, index) => questionErrors(question, index, matrix)),
      ...thresholdErrors(matrix),
    ])
    return { matrix }
  },
})

function questionErrors(
  { id, answers }: RiskMatrix['questions'][number],
  index: number,
  { questions }: RiskMatrix,
): FieldError[] {
  const pointer = `/questions/${index}`
  const texts = answers.map(({ answer }) => answer)
  return [
    ...(questions.findIndex((other) => other.id === id) < index
      ? [{ pointer: `${pointer}/id`, message: 'stands twice: answers are given by it' }]
      : []),
    ...(answers.length < 2 ? [{ pointer: `${pointer}/answers`, message: 'needs two answers at least' }] : []),
    ...(new Set(texts).size < texts.length
      ? [{ pointer: `${pointer}/answers`, message: 'has an answer twice' }]
      : []),
    ...answers.flatMap(({ score }, place) =>
      Number.isInteger(score) && score >= 0
        ? []
        : [{ pointer: `${pointer}/answers/${place}/score`, message: 'must be a whole number, 0 or more' }],
    ),
  ]
}

/** A higher score never means a lower risk. */
function thresholdErrors({ thresholds }: RiskMatrix): FieldError[] {
  return thresholds.flatMap(({ score, risk }, index) => {
    const before = thresholds[index - 1]
    const rises =
      before === undefined || (score > before.score && RISKS.indexOf(risk) >= RISKS.indexOf(before.risk))
    return rises ? [] : [{ pointer: `/thresholds/${index}`, message: 'must be higher than the one before' }]
  })
}

export const changeSettingsDecider = versionedDecider<
  ChangeSettings,
  PublishChangeSettings,
  ChangeSettingsPublished
>({
  published: 'ChangeSettingsPublished',
  contentOf: ({ settings }) => settings,
  check({ data: { settings } }) {
    const { ratifyWithinHours: hours } = settings
    const valid = Number.isInteger(hours) && hours >= 1 && hours <= 8_760
    refuse('SETTINGS.CHANGE_MALFORMED', [
      ...(valid ? [] : [{ pointer: '/ratifyWithinHours', message: 'must be 1 to 8760 whole hours' }]),
    ])
    return { settings }
  },
})

function refuse(code: string, errors: FieldError[]): void {
  if (errors.length > 0) throw new InvalidInput(code, 'The setting is not well formed.', errors)
}
