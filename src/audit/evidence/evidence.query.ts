import type { Principal } from '#libs/access'
import {
  canonicalHash,
  type DomainEvent,
  eventsAt,
  NotFound,
  type Position,
  type RecordedEvent,
} from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { eq } from '#libs/read-store'
import { auditFindings } from '#projections/audit-findings/audit-findings'
import { type AuditFinding, FINDINGS } from '#projections/audit-findings/finding'
import { AUDITED_CHANGES, MOST_ITEMS } from '#projections/audit-findings/modification-findings'
import { type ChangeDetails, changes, foldChangeDetails } from '#projections/changes/changes'
import type { ApprovalEvent } from '../../approvals/domain/approval.events.js'
import type { CabEvent } from '../../changes/domain/cab.events.js'
import type { ChangeApprovalAsked, ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { settleTimePoint } from '../../http/time-point.js'
import type { ChangeKnown } from '../domain/audited-change.js'
import { findingsAt } from '../findings-at.js'
import type {
  Evidence,
  EvidenceAnswer,
  EvidenceAttachment,
  EvidenceEvent,
  EvidenceModel,
  EvidenceRound,
} from './evidence.js'
import { modificationsIn } from './modifications.js'

export interface EvidenceAsked {
  principal: Principal
  number: string
  /** What was recorded up to this time or position; left out: all. */
  asOf?: string
}

/** More findings about one change than this are not told. */
const MOST_FINDINGS = 1_000

/**
 * What the log says of one change and its authorisation, from the streams themselves: read models only tell which streams those are.
 * @throws NotFound `CHANGE.UNKNOWN`; Unavailable while read models have not come as far
 */
export async function readEvidence(
  { principal, number, asOf }: EvidenceAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { eventStore, models, waitMilliseconds: timeoutMilliseconds } = dependencies
  const { asOf: position } = await settleTimePoint(eventStore, { asOf })
  const stream = async <E extends DomainEvent>(name: string) =>
    eventsAt((await eventStore.readStream(name)) as RecordedEvent<E>[], { asOf: position })
  const asking = { principal, minPosition: position, timeoutMilliseconds }

  const own = await stream<ChangeEvent>(`change-${number}`)
  if (own.length === 0) throw new NotFound('CHANGE.UNKNOWN', `There is no change ${number}`)
  const asked = own.filter((event) => event.type === 'ChangeApprovalAsked')
  const approvals = await Promise.all(
    asked.map(({ data }) => stream<ApprovalEvent>(`approval-${data.approval}`)),
  )
  const { row: listed } = await models.of<ChangeDetails>(changes.name).get(`change-${number}`, asking)
  const meetings = await Promise.all(
    (listed?.document.cabMeetings ?? []).map(async (meeting) => ({
      meeting,
      events: (await stream<CabEvent>(`cab-${meeting}`)).filter(
        ({ data }) => (data as { change?: string }).change === number,
      ),
    })),
  )
  const { row: known } = await models.of<ChangeKnown>(auditFindings.name, AUDITED_CHANGES).get(number, asking)
  const items = known?.document.items ?? []
  const modifying = await Promise.all(
    items
      .slice(0, MOST_ITEMS)
      .map(async (ci) =>
        (await stream<CiEvent>(`ci-${ci}`)).filter(
          ({ data }) => (data as { change?: string }).change === number,
        ),
      ),
  )
  const findings = await models.of<AuditFinding>(auditFindings.name, FINDINGS).list({
    ...asking,
    filter: eq('change', number),
    orderBy: [{ column: 'at', direction: 'asc' }],
    pageSize: MOST_FINDINGS,
  })

  const ofBoard = meetings.flatMap(({ events }) => events)
  const { details } = foldChangeDetails(inLogOrder([...own, ...ofBoard]))
  const evidence: Evidence = {
    change: number,
    position,
    state: details!,
    rounds: asked.map((event, index) => roundOf(event, approvals[index]!, own)),
    model: modelOf(own),
    board: meetings.flatMap(({ meeting, events }) => events.flatMap((event) => adviceOf(meeting, event))),
    conflicts: own.flatMap(({ type, data, metadata }) =>
      type === 'ConflictAppeared' || type === 'ConflictCleared'
        ? [{ told: type === 'ConflictAppeared' ? 'appeared' : 'cleared', at: metadata.occurredAt, ...data }]
        : [],
    ),
    implementation: implementationOf(own),
    modifications: modifying.flat().flatMap(modificationsIn),
    modificationsTruncated: items.length > MOST_ITEMS || details!.type === 'configuration-commit',
    review: details!.review,
    attachments: own.flatMap(attachmentIn),
    findings: (await findingsAt(position, findings.rows, dependencies, asking)).filter(
      ({ change }) => change === number,
    ),
    events: inLogOrder([...own, ...approvals.flat(), ...ofBoard, ...modifying.flat()]).map(asRecorded),
  }
  return { json: JSON.stringify(evidence), position }
}

function roundOf(
  { data, metadata }: RecordedEvent<ChangeApprovalAsked>,
  answers: readonly RecordedEvent<ApprovalEvent>[],
  own: readonly RecordedEvent<ChangeEvent>[],
): EvidenceRound {
  const requested = answers.find((event) => event.type === 'ApprovalRequested')?.data
  const ended = answers.findLast((event) => event.type === 'ApprovalRoundEnded')?.data
  const voided = own.find(
    (event) => event.type === 'ChangeApprovalVoided' && event.data.approval === data.approval,
  )
  const { round, approval, purpose, document, hash, policy, policyVersion, materialFields } = data
  return {
    round,
    approval,
    purpose,
    askedAt: metadata.occurredAt,
    document,
    hash,
    computedHash: canonicalHash(document),
    policy,
    policyVersion,
    materialFields,
    rule: requested?.rule,
    approvers: requested?.approvers ?? [],
    leftOut: requested?.leftOut ?? [],
    lostSeats: answers.flatMap(({ id, type, data, metadata }) =>
      type === 'ApprovalSeatLost' ? [{ ...data, at: metadata.occurredAt, event: id }] : [],
    ),
    answers: answers.flatMap(answerOf),
    outcome: ended?.outcome,
    because: ended?.because,
    voidedBy: voided?.type === 'ChangeApprovalVoided' ? voided.data.fields : undefined,
  }
}

function answerOf({ id, type, data, metadata }: RecordedEvent<ApprovalEvent>): EvidenceAnswer[] {
  if (type !== 'ApprovalGranted' && type !== 'ApprovalRejected') return []
  const answer = type === 'ApprovalGranted' ? 'granted' : 'rejected'
  return [{ ...data, answer, at: metadata.occurredAt, event: id }]
}

function modelOf(own: readonly RecordedEvent<ChangeEvent>[]): EvidenceModel | undefined {
  const scheduled = own.findLast((event) => event.type === 'ChangeScheduled')
  if (scheduled?.type !== 'ChangeScheduled') return undefined
  const { model, revision, document, hash } = scheduled.data
  const computedHash = canonicalHash(document)
  return { model, revision, document, hash, computedHash, at: scheduled.metadata.occurredAt }
}

function adviceOf(
  meeting: string,
  { id, type, data, metadata }: RecordedEvent<CabEvent>,
): Evidence['board'][number][] {
  if (type !== 'CabAdviceGiven') return []
  const { advice, comment } = data
  const { actor: by, occurredAt: at } = metadata
  return [{ meeting, advice, ...(comment !== null && { comment }), by, at, event: id }]
}

function implementationOf(own: readonly RecordedEvent<ChangeEvent>[]): Evidence['implementation'] {
  const begun = own.find(
    ({ type }) => type === 'ImplementationStarted' || type === 'ImplementedBeforeApproval',
  )
  if (begun === undefined) return undefined
  const ended = own.findLast((event) => event.type === 'ImplementationEnded')
  const outcome = ended?.type === 'ImplementationEnded' ? ended.data : undefined
  if (begun.type === 'ImplementedBeforeApproval') {
    const { implementer, startedAt, ratifyBy } = begun.data
    return { implementer, startedAt, breaches: [], ratifyBy, ...outcome }
  }
  if (begun.type !== 'ImplementationStarted') return undefined
  const { implementer, basis, breaches } = begun.data
  return { implementer, startedAt: begun.metadata.occurredAt, basis, breaches, ...outcome }
}

function attachmentIn({ id, type, data, metadata }: RecordedEvent<ChangeEvent>): EvidenceAttachment[] {
  if (type !== 'ChangeFileAttached') return []
  const { hash, name, contentType, size } = data
  return [{ hash, name, contentType, size, by: metadata.actor, at: metadata.occurredAt, event: id }]
}

function inLogOrder<E extends { position: Position }>(events: readonly E[]): readonly E[] {
  return [...events].sort((one, other) => (one.position < other.position ? -1 : 1))
}

function asRecorded({ stream, revision, position, id, type, data, metadata }: RecordedEvent): EvidenceEvent {
  return { stream, revision, position, id, type, data: data as object, metadata }
}
