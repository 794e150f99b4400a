import { InvalidInput } from '#libs/event-sourcing'
import type { ProblemSettings } from '../../problems/domain/defaults.js'
import type { PublishProblemSettings } from './settings.commands.js'
import type { ProblemSettingsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** What becomes of held incidents once a fix is applied, and which problems are reviewed. */
export const problemSettingsDecider = versionedDecider<
  ProblemSettings,
  PublishProblemSettings,
  ProblemSettingsPublished
>({
  published: 'ProblemSettingsPublished',
  contentOf: ({ settings }) => settings,
  check({ data: { settings } }) {
    const { reviewUpToPriority: level } = settings
    if (level !== null && (!Number.isInteger(level) || level < 1))
      throw new InvalidInput('SETTINGS.PROBLEM_MALFORMED', 'The setting is not well formed.', [
        { pointer: '/reviewUpToPriority', message: 'must be a whole number from 1, or null' },
      ])
    return { settings }
  },
})
