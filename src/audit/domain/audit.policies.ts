import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { JudgeModifications } from './audit.commands.js'

/** Of a change: the items whose modifications it is judged by, the latest. */
interface Judging {
  readonly items: readonly string[]
}

const MOST_ITEMS = 1_000

/** After these a verdict may be another one. */
const DECIDING: ReadonlySet<ChangeEvent['type'] | CiEvent['type']> = new Set([
  'ChangePlanEdited',
  'ChangeLinked',
  'ChangeUnlinked',
  'ChangeApproved',
  'ChangeScheduled',
  'ChangeApprovalVoided',
  'ChangeReturned',
  'ChangeRejected',
  'ImplementationStarted',
  'ImplementedBeforeApproval',
  'ImplementationEnded',
  'ChangeRatified',
  'RatificationRefused',
  'ChangeCanceled',
])

/**
 * Has modifications of configuration items judged as they are made, and again when something of their change is recorded that verdicts
 * depend on, or a change is linked to the item late.
 */
export const judgement = definePolicy<Judging, CiEvent | ChangeEvent>({
  name: 'audit_judgement',
  from: ['ci-', 'change-'],
  key: (event) => ('change' in event.data ? `change-${event.data.change}` : event.stream),
  initial: { items: [] },
  evolve(state, event) {
    const item = itemOf(event)
    if (item === undefined || state.items.includes(item)) return state
    return { items: [...state.items, item].slice(-MOST_ITEMS) }
  },
  react(event, { items }): readonly Reaction[] {
    if (isModification(event)) return [judge(event.stream.slice('ci-'.length), event.data.change)]
    if (!DECIDING.has(event.type)) return []
    const change = event.stream.slice('change-'.length)
    return items.map((ci) => judge(ci, change))
  },
})

const MODIFYING = ['CiChanged', 'CiCorrected', 'CiRenamed', 'CiReclassified', 'CiRetired'] as const
type Modifying = Extract<CiEvent, { type: (typeof MODIFYING)[number] }>

function isModification(event: RecordedEvent<CiEvent | ChangeEvent>): event is RecordedEvent<Modifying> {
  return (MODIFYING as readonly string[]).includes(event.type)
}

/** The item that an event brings together with a change. */
function itemOf(event: RecordedEvent<CiEvent | ChangeEvent>): string | undefined {
  if (isModification(event))
    return event.data.change === undefined ? undefined : event.stream.slice('ci-'.length)
  const { type, data } = event
  if (type === 'ChangeLinked' && data.link.targetType === 'configuration-item') return data.link.target
  return undefined
}

function judge(ci: string, change: string | undefined): Reaction {
  const data = { ...(change !== undefined && { change }) }
  return {
    kind: 'command',
    build: (metadata) => new JudgeModifications(ci, data, metadata),
    reason: 'What its verdict depends on was recorded',
  }
}

export const auditPolicies = [judgement] as const
