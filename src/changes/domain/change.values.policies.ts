import { definePolicy } from '#libs/projections-runtime'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { RecordValuesRefused } from './change.commands.js'

/** Nothing is remembered: all is in the event. */
const NOTHING = {}

/** Tells a change which of its values service configuration could not write. */
export const refusedValues = definePolicy<Record<never, never>, CiEvent>({
  name: 'change_refused_values',
  from: ['ci-'],
  key: (event) => (event.type === 'ProposedValuesNotApplied' ? event.stream : undefined),
  initial: NOTHING,
  evolve: () => null,
  react: (event) => {
    if (event.type !== 'ProposedValuesNotApplied') return []
    const { change, code, detail, moved } = event.data
    const data = { ci: event.stream.slice('ci-'.length), code, ...(moved && { moved }) }
    return [
      {
        kind: 'command',
        build: (metadata) => new RecordValuesRefused(change, data, metadata),
        reason: detail,
      },
    ]
  },
})
