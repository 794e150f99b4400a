import { commandMetadata, deciderSpec } from '#libs/testing'
import { DEFAULT_PROBLEM_SETTINGS } from './defaults.js'
import { problemSettingsDecider } from './problem-settings.js'
import { PublishProblemSettings } from './settings.commands.js'

const publish = (settings: object = {}) =>
  new PublishProblemSettings({ settings: { ...DEFAULT_PROBLEM_SETTINGS, ...settings } }, commandMetadata())
const story = deciderSpec(problemSettingsDecider)

it('every publication that differs is a new version', () => {
  const first = {
    type: 'ProblemSettingsPublished',
    data: { version: 1, settings: DEFAULT_PROBLEM_SETTINGS },
  } as const
  story.given().when(publish()).thenEvents(first)
  story.given(first).when(publish()).thenNothing()
  story
    .given(first)
    .when(publish({ reviewUpToPriority: null }))
    .thenEvents({
      type: 'ProblemSettingsPublished',
      data: { version: 2, settings: { heldIncidentsAtFix: 'resolve', reviewUpToPriority: null } },
    })
})

it.each([0, 1.5, -1])('a priority of %s is none', (reviewUpToPriority) => {
  story.given().when(publish({ reviewUpToPriority })).thenRefused('SETTINGS.PROBLEM_MALFORMED')
})
