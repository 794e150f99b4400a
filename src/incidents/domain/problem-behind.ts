import { type Audience, PUBLIC } from '#libs/access'
import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { ProblemEvent, ProblemOutcome } from '../../problems/domain/problem.events.js'

/** What incidents are to know of a problem behind them. */
export interface ProblemBehind {
  /** A link may lead to what is no problem here, or not yet. */
  readonly exists: boolean
  readonly knownError: boolean
  /** Not everybody at the desk may know of it. */
  readonly restricted: boolean
  /** `text: null`: a source says that there is none any more. */
  readonly workaround: { readonly text: string | null; readonly number: number }
  /** How it ended, when (ISO 8601), and what that leads to; null: it goes on. Null outcome: a source does not say. */
  readonly end: { readonly outcome: ProblemOutcome | null; readonly at: string; readonly step: End } | null
}
type End = { readonly step: 'resolve' | 'resume' } | { readonly step: 'relink'; readonly survivor: string }
export type ProblemStep =
  | End
  | { readonly step: 'workaround'; readonly text: string; readonly number: number }

export const problemBehind: StreamFold<ProblemBehind, ProblemEvent> = {
  initial: {
    exists: false,
    knownError: false,
    restricted: false,
    workaround: { text: null, number: 0 },
    end: null,
  },
  evolve(state, event) {
    switch (event.type) {
      case 'ProblemOpened':
        return { ...state, exists: true, restricted: isRestricted(event.data.audience) }
      case 'ProblemAudienceChanged':
        return { ...state, restricted: isRestricted(event.data.audience) }
      case 'KnownErrorDeclared':
        return { ...state, knownError: true }
      case 'KnownErrorWithdrawn':
        return { ...state, knownError: false }
      case 'WorkaroundRecorded':
        return { ...state, workaround: { text: event.data.workaround, number: event.data.number } }
      case 'ProblemFindingsObserved': {
        const { workaround: text } = event.data
        const { number } = state.workaround
        return text === undefined ? state : { ...state, workaround: { text, number: number + 1 } }
      }
      default: {
        const end = endAfter(state.end, event)
        return end === state.end ? state : { ...state, end }
      }
    }
  },
}

const isRestricted = (audience: Audience = PUBLIC): boolean => audience.kind !== 'public'

function endAfter(end: ProblemBehind['end'], event: RecordedEvent<ProblemEvent>): ProblemBehind['end'] {
  const at = event.metadata.occurredAt
  switch (event.type) {
    case 'ProblemResolved':
      return { outcome: 'fix applied', at, step: { step: event.data.heldIncidents } }
    case 'ProblemRiskAccepted':
      return { outcome: 'risk accepted', at, step: { step: 'resume' } }
    case 'ProblemCanceled':
      return { outcome: 'canceled', at, step: { step: 'resume' } }
    case 'ProblemMarkedDuplicate':
      return { outcome: 'duplicate', at, step: { step: 'relink', survivor: event.data.survivor } }
    case 'ProblemReanalysed':
      return null
    case 'ProblemStateObserved': {
      const { to, outcome = end?.outcome ?? null } = event.data
      if (to === 'On Hold') return end
      if (to !== 'Resolved' && to !== 'Closed') return null
      // What was decided here stands; of what a source has ended nobody has decided that it resolves incidents
      return end?.outcome === outcome ? end : { outcome, at, step: { step: 'resume' } }
    }
    default:
      return end
  }
}

/**
 * What an incident behind which it stands is told now. A workaround helps as long as there is something to work around; of a
 * restricted problem it is told to nobody, since incidents have readers of their own.
 */
export function stepsOf({
  knownError,
  restricted,
  workaround: { text, number },
  end,
}: ProblemBehind): ProblemStep[] {
  const helps = end === null || end.outcome === 'risk accepted'
  const told: ProblemStep[] =
    knownError && !restricted && text !== null && helps ? [{ step: 'workaround', text, number }] : []
  return end === null ? told : [...told, end.step]
}
