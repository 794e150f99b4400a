import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import { FollowParent, JoinParent } from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { numberOf, STREAM_PREFIX } from './incident.policy-streams.js'

/** Streams of the incidents that follow one. */
interface Followers {
  children: readonly string[]
}

type Step = Omit<FollowParent['data'], 'parent' | 'at'> & Pick<FollowParent['data'], 'step'>

/** What an incident's children are to do after it; undefined: nothing. */
function stepOf(event: IncidentEvent): Step | undefined {
  switch (event.type) {
    case 'IncidentAccepted':
    case 'WorkStarted':
    case 'IncidentResumed':
      return { step: 'progress' }
    case 'IncidentHeld':
      return { step: 'hold' }
    // It goes no further; nobody need wait for it.
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return { step: 'release' }
    case 'IncidentReopened':
      return { step: 'reopen' }
    case 'CommentAdded':
      return event.data.forChildren && ({ step: 'comment', text: event.data.text } as Step)
    case 'IncidentResolved': {
      const { code, resolvedBy } = event.data
      return { step: 'resolve', code, resolvedBy } as Step
    }
    default:
      return undefined
  }
}

/** Children do as their parent does; each decides for itself whether that makes sense where it stands. */
export const childrenFollow = definePolicy<Followers, IncidentEvent>({
  name: 'incident_children_follow',
  from: [STREAM_PREFIX],
  // A link stands in the child's stream and concerns the parent.
  key: (event) =>
    event.type === 'ParentLinked' || event.type === 'ParentUnlinked'
      ? STREAM_PREFIX + event.data.parent
      : stepOf(event) && event.stream,
  initial: { children: [] },
  evolve: (state, { type, stream }) => {
    if (type !== 'ParentLinked' && type !== 'ParentUnlinked') return state
    const others = state.children.filter((child) => child !== stream)
    if (type === 'ParentLinked') return { children: [...others, stream] }
    return others.length === 0 ? null : { children: others }
  },
  react: (event, { children }) => {
    if (event.type === 'ParentLinked') return [join(event, event.data.parent)]
    const step = stepOf(event)
    return step === undefined ? [] : children.map((child) => follow(event, child, step))
  },
})

function join(
  { stream, metadata: { occurredAt: at } }: RecordedEvent<IncidentEvent>,
  parent: string,
): Reaction {
  return {
    kind: 'command',
    build: (metadata) => new JoinParent(numberOf(stream), { parent, at }, metadata),
    reason: `It follows ${parent} now`,
  }
}

function follow(event: RecordedEvent<IncidentEvent>, child: string, step: Step): Reaction {
  const parent = numberOf(event.stream)
  const { occurredAt: at, actor, onBehalfOf } = event.metadata
  // Words are somebody's, who need not be told them
  const attributedTo = step.step === 'comment' ? (onBehalfOf ?? actor) : undefined
  return {
    kind: 'command',
    build: (metadata) =>
      new FollowParent(
        numberOf(child),
        { parent, at, ...step } as FollowParent['data'],
        attributedTo === undefined ? metadata : { ...metadata, attributedTo },
      ),
    reason: `Its parent ${parent} did so`,
  }
}
