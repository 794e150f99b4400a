import type { CommandMetadata, RecordedEvent } from '#libs/event-sourcing'
import { rescheduled } from './incident.escalation.js'
import type { IncidentEvent } from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import { promisedAgain, proposedByPriority } from './incident.major.js'
import { evolve, type Incident, type IncidentRecord, isOpened } from './incident.state.js'

type Asked = Pick<IncidentFacts, 'escalationRules' | 'majorSettings'>

/**
 * What settings make of a decision at once, in the same append: a major incident is proposed, or has an update promised
 * again, escalation rules wait for other times.
 */
export function withConsequences(
  decided: readonly IncidentEvent[],
  record: IncidentRecord,
  metadata: CommandMetadata,
  { escalationRules, majorSettings }: Asked,
): readonly IncidentEvent[] {
  if (decided.length === 0) return decided
  const idle = escalationRules.value.rules.length === 0 && noneWait(record)
  const { proposeAtPriority } = majorSettings.value.settings
  if (idle && proposeAtPriority === null && !isMajor(record)) return decided
  const after = decided.reduce<IncidentRecord>(
    (known, event) => evolve(known, asRecorded(event, metadata)),
    record,
  )
  if (!isOpened(after)) return decided
  const proposed = gained(record, after) ? proposedByPriority(after, { majorSettings }) : []
  const promised = isOpened(record)
    ? promisedAgain(record, after, metadata.occurredAt, { majorSettings })
    : []
  return [...decided, ...proposed, ...promised, ...rescheduled(after, escalationRules.value)]
}

function isMajor(record: IncidentRecord): boolean {
  return isOpened(record) && record.major?.status === 'promoted'
}

function noneWait(record: IncidentRecord): boolean {
  return !isOpened(record) || record.escalations.due.length === 0
}

/** Only a new priority proposes: what was proposed by nobody so far is not, by a comment. */
function gained(before: IncidentRecord, { priority }: Incident): boolean {
  return !isOpened(before) || before.priority !== priority
}

/** As the event will stand in the log, for a fold that looks at no more than data, actor and time. */
function asRecorded(event: IncidentEvent, metadata: CommandMetadata): RecordedEvent<IncidentEvent> {
  const { occurredAt } = metadata
  return {
    ...event,
    id: '',
    stream: '',
    revision: 0,
    position: '',
    metadata: { ...metadata, recordedAt: occurredAt, schemaVersion: 1 },
  } as RecordedEvent<IncidentEvent>
}
