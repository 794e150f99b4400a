import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import { ApplyProposedValues, ReconcileCi, RegisterCi } from './ci.commands.js'
import type { ReconciliationEvent, ReconciliationReviewOpened } from './configuration.events.js'

/** What the source said, until somebody has decided. */
interface Asked {
  said: ReconciliationReviewOpened['data'] | null
}
const NOT_ASKED: Asked = { said: null }

/** Does what was decided about an item that fitted several CIs. */
export const reconciliation = definePolicy<Asked, ReconciliationEvent>({
  name: 'ci_reconciliation',
  from: ['reconciliation-'],
  key: (event) => event.stream,
  initial: NOT_ASKED,
  evolve: (state, event) => (event.type === 'ReconciliationReviewOpened' ? { said: event.data } : state),
  react(event, { said }): readonly Reaction[] {
    if (event.type !== 'ReconciliationReviewResolved' || said === null) return []
    const { source, run, item } = said
    const { decision, ci } = event.data
    if (decision === 'new') {
      const build: Extract<Reaction, { kind: 'command' }>['build'] = (metadata) =>
        new RegisterCi(undefined, { ...item, source }, metadata)
      return [{ kind: 'command', build, reason: 'None of the candidates is what the source reports' }]
    }
    if (decision !== 'same-as' || ci === undefined) return []
    const { name, attributes } = item
    return [
      {
        kind: 'command',
        build: (metadata) => new ReconcileCi(ci, { source, run, name, attributes }, metadata),
        reason: 'It is what the source reports',
      },
    ]
  },
})

/** All is in the event: nothing is remembered. */
const NOTHING = {}

/** Writes what a change that was done has proposed, with its number. */
export const proposedValues = definePolicy<Record<never, never>, ChangeEvent>({
  name: 'ci_proposed_values',
  from: ['change-'],
  key: ({ stream }) => stream,
  initial: NOTHING,
  evolve: () => null,
  react(event): readonly Reaction[] {
    if (event.type !== 'ProposedValuesReleased') return []
    const { ci, attributes, base } = event.data
    const change = event.stream.slice('change-'.length)
    return [
      {
        kind: 'command',
        build: (metadata) =>
          new ApplyProposedValues(ci, { change, attributes, ...(base && { base }) }, metadata),
        reason: `Done by ${change}`,
      },
    ]
  },
})

export const configurationPolicies = [reconciliation, proposedValues] as const
