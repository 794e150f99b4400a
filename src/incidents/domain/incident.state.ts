import type { Audience } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type {
  Hold,
  IncidentEvent,
  IncidentFields,
  IncidentState,
  Link,
  LinkRelation,
  MajorIncidentReview,
  MajorIncidentRole,
  Resolution,
} from './incident.events.js'

/** No event yet. */
export interface NotOpened {
  readonly state: 'Not Opened'
}

/** A hold with what the policies need of it. */
export interface CurrentHold {
  readonly hold: Hold
  /** Undefined in imported holds: ask the list in force. */
  readonly awaitsCaller: boolean | undefined
  /** ISO 8601, when it began. */
  readonly since: string
  readonly reminders: number
  readonly remindAt: string | null
  readonly resolveAt: string | null
}

/** A proposed or promoted major incident. */
export interface MajorIncident {
  readonly status: 'candidate' | 'promoted'
  readonly roles: Readonly<Partial<Record<MajorIncidentRole, string>>>
  /** By when the next update is promised, while it is. */
  readonly promisedAt: string | null
  /** When somebody is to be reminded of it: at first when it is due. */
  readonly remindAt: string | null
  readonly reminders: number
  readonly review: MajorIncidentReview | null
}

/** Somebody on call has been asked and has not answered yet. */
export interface Paging {
  readonly group: string
  readonly person: string
  readonly order: number
  readonly round: number
  readonly acknowledgeBy: string
}

/** What escalation rules have done, and wait for. */
export interface Escalations {
  readonly rulesVersion: number
  readonly due: readonly { readonly rule: string; readonly at: string }[]
  /** The latest time of each rule, and the priority that the incident had for it then. */
  readonly done: readonly { readonly rule: string; readonly at: string; readonly priority: number | null }[]
}

/** What decisions need to know of an incident; null: not set. Times are ISO 8601. */
export interface Incident {
  readonly state: IncidentState
  /** Caller, category, title, ... */
  readonly fields: Readonly<IncidentFields>
  readonly openedAt: string
  readonly audience: Audience
  readonly watchers: readonly string[]
  readonly links: readonly Link[]
  readonly knowledge: readonly { article: string | null; revision: number | null }[]
  readonly attachments: readonly { hash: string; name: string; visibility: 'public' | 'internal' }[]
  readonly impact: number | null
  readonly urgency: number | null
  readonly priority: number | null
  /** Somebody (or the source) set another priority than the matrix gave. */
  readonly overridden: boolean
  readonly group: string | null
  /** Who put it into the group: an assignment rule may be followed by another, a person's word stands. */
  readonly groupSetBy: 'rule' | 'person' | null
  readonly assignee: string | null
  /** The assignee took it on himself. */
  readonly accepted: boolean
  /** Set if, and only if, On Hold. */
  readonly hold: CurrentHold | null
  readonly resolution: Resolution | null
  /** Latest entry into Resolved, while it lasts (also when Closed since). */
  readonly resolvedAt: string | null
  readonly autoCloseAt: string | null
  readonly reopenCount: number
  /** Code of the cancellation. */
  readonly canceledAs: string | null
  readonly mergedInto: string | null
  readonly major: MajorIncident | null
  /** It was proposed and turned down: rules do not propose it again. */
  readonly majorTurnedDown: boolean
  readonly parent: string | null
  /** The parent with which it was resolved, while that lasts. */
  readonly resolvedWith: string | null
  /** Latest reopening, but those together with the parent. */
  readonly reopenedAt: string | null
  /** Of the problems behind it: which workaround it was told last, and which turned out to be duplicates; null: nothing yet. */
  readonly fromProblems: FromProblems | null
  readonly paging: Paging | null
  /** When somebody on call was asked last, and the priority that it had then. */
  readonly lastCall: { readonly group: string; readonly at: string; readonly priority: number | null } | null
  /** Who answered the latest call. */
  readonly pageAcknowledgedBy: string | null
  readonly escalations: Escalations
  /** When group or person changed last; the opening when they never did. */
  readonly assignedAt: string
  /** The same, moves by rules aside: what a rule has moved is not new to the other rules. */
  readonly assignedByPeopleAt: string
  /** Latest deed of the present assignee; null: none yet. */
  readonly assigneeActedAt: string | null
  /** Running maximum of `occurredAt`: the valid time up to which the record is told. */
  readonly effectiveAt: string
  /** Where the record was imported from; null: opened here. */
  readonly source: ImportedFrom | null
  /** Whether each alert that it was told of fires, by id; null: it was told of none. */
  readonly alerts: Readonly<Record<string, 'firing' | 'cleared'>> | null
  /** Opened for an alert, and nobody but policies has done anything with it since. */
  readonly untouched: boolean
}

export interface FromProblems {
  /** By problem: the number of its workaround. */
  readonly workarounds: Readonly<Record<string, number>>
  readonly duplicates: readonly string[]
}
const NOTHING_TOLD: FromProblems = { workarounds: {}, duplicates: [] }

/** What the next source row is compared with. */
export interface ImportedFrom {
  readonly name: string
  readonly externalId: string
  readonly fields: Readonly<Record<string, string | null>>
  /** Highest value of the update counter so far. */
  readonly updateCounter: number | null
  /** Targets that the source's reference columns showed last. */
  readonly links: Readonly<Partial<Record<LinkRelation, string>>>
  /** Import run that activated the record last. */
  readonly activatedBy: string | null
}

export type IncidentRecord = NotOpened | Incident

export const NOT_OPENED: NotOpened = { state: 'Not Opened' }

export function isOpened(record: IncidentRecord): record is Incident {
  return record.state !== 'Not Opened'
}

export function sameLink(a: Link, b: Link): boolean {
  return a.relation === b.relation && a.targetType === b.targetType && a.target === b.target
}

/** The problems that an incident's links say are behind it: numbers, or names that lead to none here. */
export function problemsBehind(links: readonly Link[]): readonly string[] {
  return links
    .filter(({ relation, targetType }) => relation === 'has-problem' && targetType === 'problem')
    .map(({ target }) => target)
}

/** Folds one event. Event types that are not known leave the record as it was. */
export function evolve(record: IncidentRecord, event: RecordedEvent<IncidentEvent>): IncidentRecord {
  if (event.type === 'IncidentOpened') return opened(event)
  if (!isOpened(record)) return record
  const changed = applied(record, event)
  if (changed === undefined) return record
  const met =
    changed.untouched && event.metadata.channel !== 'policy' ? { ...changed, untouched: false } : changed
  const { occurredAt } = event.metadata
  const later = occurredAt > record.effectiveAt
  const next = withDeed(record, met, event)
  const { source } = event.data
  if (source === undefined && !later) return next
  return {
    ...next,
    effectiveAt: later ? occurredAt : record.effectiveAt,
    source: source === undefined || next.source === null ? next.source : rowRead(next.source, source),
  }
}

function opened(event: RecordedEvent<Extract<IncidentEvent, { type: 'IncidentOpened' }>>): Incident {
  const { source, irregular, audience, openedAt, customFieldsVersion, template, alert, ...fields } =
    event.data
  const { occurredAt, source: origin } = event.metadata
  return {
    state: 'New',
    fields,
    openedAt: openedAt ?? occurredAt,
    audience,
    watchers: [],
    links: [],
    knowledge: [],
    attachments: [],
    impact: null,
    urgency: null,
    priority: null,
    overridden: false,
    group: null,
    groupSetBy: null,
    assignee: null,
    accepted: false,
    hold: null,
    resolution: null,
    resolvedAt: null,
    autoCloseAt: null,
    reopenCount: 0,
    canceledAs: null,
    mergedInto: null,
    major: null,
    majorTurnedDown: false,
    parent: null,
    resolvedWith: null,
    reopenedAt: null,
    fromProblems: null,
    paging: null,
    lastCall: null,
    pageAcknowledgedBy: null,
    escalations: { rulesVersion: 0, due: [], done: [] },
    assignedAt: openedAt ?? occurredAt,
    assignedByPeopleAt: openedAt ?? occurredAt,
    assigneeActedAt: null,
    alerts: alert === undefined ? null : { [alert]: 'firing' },
    untouched: alert !== undefined,
    effectiveAt: occurredAt,
    source:
      origin === undefined
        ? null
        : {
            name: origin.name,
            externalId: origin.externalId,
            fields: source?.fields ?? {},
            updateCounter: source?.updateCounter ?? null,
            links: {},
            activatedBy: null,
          },
  }
}

function rowRead(
  known: ImportedFrom,
  row: { fields: Record<string, string | null>; updateCounter?: number },
): ImportedFrom {
  let fields = known.fields
  for (const _ in row.fields) {
    fields = { ...fields, ...row.fields }
    break
  }
  const counter = row.updateCounter
  const highest =
    counter !== undefined && (known.updateCounter === null || counter > known.updateCounter)
      ? counter
      : known.updateCounter
  return { ...known, fields, updateCounter: highest }
}

/** Who has it since when, and what he did last: ages of escalation rules count from there. */
function withDeed(before: Incident, after: Incident, event: RecordedEvent<IncidentEvent>): Incident {
  const { actor, onBehalfOf, occurredAt, channel } = event.metadata
  const { assignee } = after
  const assigned = assignee !== before.assignee || after.group !== before.group
  const deed = assignee !== null && (actor === assignee || onBehalfOf === assignee)
  if (!assigned && !deed) return after
  return {
    ...after,
    assignedAt: assigned ? occurredAt : before.assignedAt,
    assignedByPeopleAt: assigned && channel !== 'policy' ? occurredAt : before.assignedByPeopleAt,
    assigneeActedAt: deed ? occurredAt : assigned ? null : before.assigneeActedAt,
  }
}

/** Undefined: the type is not known. */
function applied(record: Incident, event: RecordedEvent<IncidentEvent>): Incident | undefined {
  const { metadata } = event
  switch (event.type) {
    case 'IncidentDetailsChanged':
      return withDetails(record, event.data.changes)
    case 'IncidentCategorized': {
      const { category, subcategory, symptom } = event.data
      return {
        ...record,
        fields: {
          ...record.fields,
          category: category.to ?? undefined,
          subcategory: subcategory.to ?? undefined,
          symptom: symptom.to ?? undefined,
        },
      }
    }
    case 'PriorityDerived':
    case 'PriorityOverridden': {
      const { impact, urgency, priority } = event.data
      return { ...record, impact, urgency, priority, overridden: event.type === 'PriorityOverridden' }
    }
    case 'AssignedToGroup':
      return {
        ...record,
        group: event.data.group,
        groupSetBy: event.data.group === null ? null : event.data.rule ? 'rule' : 'person',
        assignee: null,
        accepted: false,
        // Whoever is on call for the group that had it has nothing to do with it any more.
        paging: record.paging?.group === record.group ? null : record.paging,
      }
    case 'AssignedToPerson':
      return { ...record, assignee: event.data.person, accepted: false }
    case 'IncidentAccepted':
      return {
        ...record,
        paging: null,
        state: record.state === 'New' ? 'In Progress' : record.state,
        assignee: event.data.person,
        accepted: true,
      }
    case 'WorkStarted':
      return { ...record, state: 'In Progress' }
    case 'IncidentHeld':
      return { ...record, state: 'On Hold', hold: begun(event.data, metadata.occurredAt) }
    case 'HoldReasonChanged':
      return { ...record, hold: begun(event.data, record.hold?.since ?? metadata.occurredAt) }
    case 'IncidentResumed':
      return { ...record, state: 'In Progress', hold: null }
    case 'CallerReminded':
      if (record.hold === null) return record
      return {
        ...record,
        hold: {
          ...record.hold,
          reminders: event.data.count,
          remindAt: null,
          resolveAt: event.data.resolveAt ?? null,
        },
      }
    case 'LinkAdded':
      return linked(record, event.data.link, metadata.channel === 'import')
    case 'LinkRemoved':
      return relinked(unlinked(record, event.data.link), event.data)
    case 'KnowledgeApplied': {
      const { article, revision } = event.data
      return { ...record, knowledge: [...record.knowledge, { article, revision }] }
    }
    case 'KnowledgeWithdrawn':
      return {
        ...record,
        knowledge: record.knowledge.filter(({ article }) => article !== event.data.article),
      }
    case 'AttachmentAdded': {
      const { hash, name, visibility } = event.data
      return { ...record, attachments: [...record.attachments, { hash, name, visibility }] }
    }
    case 'WatcherAdded':
      return record.watchers.includes(event.data.person)
        ? record
        : { ...record, watchers: [...record.watchers, event.data.person] }
    case 'WatcherRemoved':
      return { ...record, watchers: record.watchers.filter((person) => person !== event.data.person) }
    case 'AudienceChanged':
      return { ...record, audience: event.data.audience }
    case 'AlertConditionObserved':
      return { ...record, alerts: { ...record.alerts, [event.data.alert]: event.data.condition } }
    case 'IncidentResolved':
      return {
        ...atRest(record),
        state: 'Resolved',
        hold: null,
        resolution: resolutionOf(event.data),
        resolvedAt: metadata.occurredAt,
        autoCloseAt: event.data.autoCloseAt ?? null,
        resolvedWith: event.data.cause === 'parent-resolved' ? record.parent : null,
      }
    case 'ResolutionRecorded':
      return { ...record, resolution: event.data.resolution }
    case 'IncidentReopened':
      return {
        ...entered(record, event.data.to, event.data.hold, metadata.occurredAt),
        reopenCount: event.data.count,
        reopenedAt: event.data.cause === 'parent-reopened' ? record.reopenedAt : metadata.occurredAt,
      }
    case 'StateObserved':
      return entered(record, event.data.to, event.data.hold, metadata.occurredAt)
    case 'IncidentClosed':
      return {
        ...atRest(record),
        state: 'Closed',
        hold: null,
        autoCloseAt: null,
        canceledAs: null,
        mergedInto: null,
      }
    case 'IncidentCanceled':
      return {
        ...atRest(record),
        state: 'Canceled',
        hold: null,
        autoCloseAt: null,
        canceledAs: event.data.code,
      }
    case 'IncidentMerged':
      return {
        ...atRest(record),
        state: 'Canceled',
        hold: null,
        autoCloseAt: null,
        canceledAs: 'duplicate',
        mergedInto: event.data.survivor,
      }
    case 'IncidentActivated':
      return activated(record, event.data)
    case 'IncidentEscalated':
      return escalated(record, event.data.rule, metadata.occurredAt)
    case 'EscalationsScheduled': {
      const { rulesVersion, due } = event.data
      return { ...record, escalations: { ...record.escalations, rulesVersion, due } }
    }
    case 'ParentLinked':
      return { ...record, parent: event.data.parent }
    case 'ParentUnlinked':
      return { ...record, parent: null }
    case 'WorkNoteAdded':
      return event.data.workaroundOf === undefined ? record : withWorkaround(record, event.data.workaroundOf)
    case 'CommentAdded':
    case 'UpdateObserved':
      return record
    default:
      return majorEvolved(record, event) ?? paged(record, event)
  }
}

function withWorkaround(
  record: Incident,
  { problem, number }: { problem: string; number: number },
): Incident {
  const { workarounds, duplicates } = record.fromProblems ?? NOTHING_TOLD
  return { ...record, fromProblems: { workarounds: { ...workarounds, [problem]: number }, duplicates } }
}

function relinked(
  record: Incident,
  { link, relinkedTo }: Extract<IncidentEvent, { type: 'LinkRemoved' }>['data'],
): Incident {
  if (relinkedTo === undefined) return record
  const { workarounds, duplicates } = record.fromProblems ?? NOTHING_TOLD
  return { ...record, fromProblems: { workarounds, duplicates: [...duplicates, link.target] } }
}

/** Nobody is waited for any more: not for an update, not for who is on call, not for a rule. */
function atRest(record: Incident): Incident {
  return {
    ...record,
    paging: null,
    major: record.major && { ...record.major, ...NOTHING_PROMISED },
    escalations:
      record.escalations.due.length === 0 ? record.escalations : { ...record.escalations, due: [] },
  }
}

const NOTHING_PROMISED = { promisedAt: null, remindAt: null, reminders: 0 } as const
const CANDIDATE: MajorIncident = { status: 'candidate', roles: {}, ...NOTHING_PROMISED, review: null }

function promise(at: string | undefined): Pick<MajorIncident, 'promisedAt' | 'remindAt' | 'reminders'> {
  return at === undefined ? NOTHING_PROMISED : { promisedAt: at, remindAt: at, reminders: 0 }
}

/** Undefined: the type is none of major incidents. */
function majorEvolved(record: Incident, event: RecordedEvent<IncidentEvent>): Incident | undefined {
  const major = record.major ?? CANDIDATE
  switch (event.type) {
    case 'MajorIncidentProposed':
      return { ...record, major: CANDIDATE }
    case 'MajorIncidentPromoted': {
      const { manager, communications, resolver, nextUpdateAt } = event.data
      const roles = { manager, communications, resolver }
      return { ...record, major: { ...CANDIDATE, status: 'promoted', roles, ...promise(nextUpdateAt) } }
    }
    case 'MajorIncidentDemoted':
      return { ...record, major: null, majorTurnedDown: true }
    case 'MajorIncidentRoleAssigned': {
      const { role, person } = event.data
      return { ...record, major: { ...major, roles: { ...major.roles, [role]: person } } }
    }
    case 'MajorIncidentUpdatePosted':
    case 'MajorIncidentUpdatePromised':
      return { ...record, major: { ...major, ...promise(event.data.nextUpdateAt) } }
    case 'MajorIncidentUpdateOverdue': {
      const { count, remindAt = null } = event.data
      return { ...record, major: { ...major, reminders: count, remindAt } }
    }
    case 'MajorIncidentReviewed': {
      const { source: _, irregular: __, ...review } = event.data
      return { ...record, major: { ...major, review } }
    }
    default:
      return undefined
  }
}

/** Undefined: the type is not known. */
function paged(record: Incident, event: RecordedEvent<IncidentEvent>): Incident | undefined {
  switch (event.type) {
    case 'OnCallPaged': {
      const { group, person, order, round, acknowledgeBy, rule } = event.data
      const paging = { group, person, order, round, acknowledgeBy }
      return {
        ...escalated(record, rule, event.metadata.occurredAt),
        paging,
        lastCall: { group, at: event.metadata.occurredAt, priority: record.priority },
        pageAcknowledgedBy: null,
      }
    }
    case 'OnCallAcknowledged':
      return { ...record, paging: null, pageAcknowledgedBy: event.data.person }
    case 'OnCallExhausted':
      return { ...escalated(record, event.data.rule, event.metadata.occurredAt), paging: null }
    default:
      return undefined
  }
}

/** What a rule has done it does not do again, until the age that it looks at begins anew. */
function escalated(record: Incident, rule: { name: string } | undefined, at: string): Incident {
  if (rule === undefined) return record
  const { priority, escalations } = record
  const done = escalations.done.filter((entry) => entry.rule !== rule.name || entry.priority !== priority)
  return {
    ...record,
    escalations: {
      ...escalations,
      due: escalations.due.filter((entry) => entry.rule !== rule.name),
      done: [...done, { rule: rule.name, at, priority }],
    },
  }
}

function withDetails(
  record: Incident,
  changes: Extract<IncidentEvent, { type: 'IncidentDetailsChanged' }>['data']['changes'],
): Incident {
  const fields: Record<string, unknown> = { ...record.fields }
  let { openedAt } = record
  for (const name in changes) {
    const to = changes[name as keyof typeof changes]?.to
    if (name === 'openedAt') openedAt = to as string
    else fields[name] = to ?? undefined
  }
  return { ...record, fields: fields as unknown as IncidentFields, openedAt }
}

function begun(data: { hold: Hold; awaitsCaller?: boolean; remindAt?: string }, since: string): CurrentHold {
  const { hold, awaitsCaller, remindAt = null } = data
  return { hold, awaitsCaller, since, reminders: 0, remindAt, resolveAt: null }
}

function linked(record: Incident, link: Link, bySource: boolean): Incident {
  const links = record.links.some((known) => sameLink(known, link)) ? record.links : [...record.links, link]
  if (!bySource || record.source === null) return { ...record, links }
  return {
    ...record,
    links,
    source: { ...record.source, links: { ...record.source.links, [link.relation]: link.target } },
  }
}

function unlinked(record: Incident, link: Link): Incident {
  const links = record.links.filter((known) => !sameLink(known, link))
  if (record.source?.links[link.relation] !== link.target) return { ...record, links }
  const { [link.relation]: _, ...others } = record.source.links
  return { ...record, links, source: { ...record.source, links: others } }
}

function resolutionOf({ code, notes, resolvedBy, serviceRestoredAt }: Resolution): Resolution {
  return { code, notes, resolvedBy, serviceRestoredAt }
}

/** A reopening, or a step that only a source takes: what belongs to the state left behind is gone. */
function entered(record: Incident, state: IncidentState, hold: Hold | undefined, at: string): Incident {
  const finished = state === 'Resolved' || state === 'Closed'
  return {
    ...record,
    state,
    hold: state === 'On Hold' ? begun({ hold: hold ?? { reason: 'unspecified' } }, at) : null,
    resolution: finished ? record.resolution : null,
    resolvedAt: state === 'Resolved' ? at : finished ? record.resolvedAt : null,
    autoCloseAt: null,
    canceledAs: null,
    mergedInto: null,
    resolvedWith: finished ? record.resolvedWith : null,
  }
}

function activated(
  record: Incident,
  data: Extract<IncidentEvent, { type: 'IncidentActivated' }>['data'],
): Incident {
  const { run, autoCloseAt = null, remindAt = null, awaitsCaller } = data
  return {
    ...record,
    autoCloseAt: record.state === 'Resolved' ? autoCloseAt : null,
    hold: record.hold && { ...record.hold, awaitsCaller, remindAt },
    source: record.source && { ...record.source, activatedBy: run },
  }
}
