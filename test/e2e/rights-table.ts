import type { Role } from '#libs/access'
import type { Desk, Person } from './desk.js'

/** Who may use an endpoint: these roles, anyone with a token, or anyone at all. */
export type Allowed = readonly Role[] | 'any' | 'public'
export type RightsTable = Readonly<Record<string, Allowed>>

const AGENTS: readonly Role[] = ['agent', 'team-lead']
const AND_SERVICES: readonly Role[] = [...AGENTS, 'service']
const AND_REQUESTERS: readonly Role[] = [...AGENTS, 'requester']
const EVERY_WRITER: readonly Role[] = [...AGENTS, 'service', 'requester']
const DESK: readonly Role[] = ['agent', 'team-lead', 'change-manager', 'auditor', 'analyst', 'administrator']
const ADMINISTRATORS: readonly Role[] = ['administrator']
const LEADS: readonly Role[] = ['team-lead', 'administrator']
const ESTATE: readonly Role[] = [...AGENTS, 'change-manager', 'service', 'administrator']
const BACK_DATERS: readonly Role[] = ['change-manager', 'administrator']
const CHANGE_WRITERS: readonly Role[] = [...AGENTS, 'change-manager']
const OVERSEERS: readonly Role[] = ['auditor', 'administrator']

/**
 * What each role may do, written down once more and apart from the code, endpoint by endpoint. Requesters: with their
 * own records, and where the lifecycle lets them.
 */
export const RIGHTS: RightsTable = {
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /metrics': 'public',
  'GET /openapi.json': 'public',

  'GET /incidents': 'any',
  'GET /incidents/{number}': 'any',
  'GET /incidents/{number}/history': 'any',
  'GET /incidents/{number}/attachments/{hash}': 'any',
  'POST /incidents': EVERY_WRITER,
  'GET /incidents/mine': 'any',
  'POST /incidents/bulk': EVERY_WRITER,
  'POST /incidents/bulk-by-filter': AGENTS,
  'GET /incidents/{number}/children': [...DESK, 'service'],
  'GET /incidents/{number}/updates': 'any',
  'GET /major-incidents': [...DESK, 'service'],
  'POST /incidents/{number}/propose-major': AND_SERVICES,
  'POST /incidents/{number}/promote': LEADS,
  'POST /incidents/{number}/demote': LEADS,
  'POST /incidents/{number}/assign-role': LEADS,
  'POST /incidents/{number}/updates': [...AGENTS, 'administrator'],
  'POST /incidents/{number}/review': [...AGENTS, 'administrator'],
  'POST /incidents/{number}/link-parent': AGENTS,
  'POST /incidents/{number}/unlink-parent': AGENTS,
  'POST /incidents/{number}/page': AND_SERVICES,
  'POST /incidents/{number}/acknowledge-page': [...AGENTS, 'administrator'],
  'POST /incidents/{number}/accept': AGENTS,
  'POST /incidents/{number}/apply-knowledge': AGENTS,
  'POST /incidents/{number}/assign': AGENTS,
  'POST /incidents/{number}/attachments': EVERY_WRITER,
  'POST /incidents/{number}/audience': [...AGENTS, 'administrator'],
  'POST /incidents/{number}/cancel': AND_REQUESTERS,
  'POST /incidents/{number}/categorize': AND_SERVICES,
  'POST /incidents/{number}/change': AND_SERVICES,
  'POST /incidents/{number}/close': AND_REQUESTERS,
  'POST /incidents/{number}/comments': EVERY_WRITER,
  'POST /incidents/{number}/escalate': AGENTS,
  'POST /incidents/{number}/hold': AGENTS,
  'POST /incidents/{number}/links': [...AND_SERVICES, 'change-manager'],
  'POST /incidents/{number}/merge': AGENTS,
  'POST /incidents/{number}/override-priority': AGENTS,
  'POST /incidents/{number}/prioritize': AND_SERVICES,
  'POST /incidents/{number}/reopen': AND_REQUESTERS,
  'POST /incidents/{number}/resolve': AND_SERVICES,
  'POST /incidents/{number}/resume': AGENTS,
  'POST /incidents/{number}/start': AGENTS,
  'POST /incidents/{number}/unlink': [...AGENTS, 'change-manager'],
  'POST /incidents/{number}/unwatch': AND_REQUESTERS,
  'POST /incidents/{number}/watch': AND_REQUESTERS,
  'POST /incidents/{number}/work-notes': AND_SERVICES,

  'GET /queues': [...DESK, 'service'],
  'GET /queues/{group}': [...DESK, 'service'],
  'GET /queues/mine': AGENTS,
  'POST /queues/{group}/take-next': AGENTS,

  // Everybody’s own; a group’s are kept by the team leads among its members and by administrators, and used by its members
  'GET /saved-filters': 'any',
  'POST /saved-filters': 'any',
  'POST /saved-filters/remove': 'any',
  'GET /alerts': [...DESK, 'service'],
  'GET /alerts/{id}': [...DESK, 'service'],
  'POST /alerts': ['service'],
  'POST /alerts/alertmanager': ['service'],

  'GET /configuration-items': [...DESK, 'service'],
  'GET /configuration-items/{id}': [...DESK, 'service'],
  'GET /configuration-items/{id}/history': [...DESK, 'service'],
  'GET /configuration-items/{id}/impact': [...DESK, 'service'],
  'GET /configuration/graph': [...DESK, 'service'],
  'GET /configuration/diff': [...DESK, 'service'],
  'GET /configuration/baselines': [...DESK, 'service'],
  'GET /configuration/baselines/{id}/drift': [...DESK, 'service'],
  'GET /configuration/health': [...DESK, 'service'],
  'POST /configuration-items': ESTATE,
  'POST /configuration-items/{id}/change': ESTATE,
  'POST /configuration-items/{id}/rename': ESTATE,
  'POST /configuration-items/{id}/reclassify': ESTATE,
  'POST /configuration-items/{id}/retire': ESTATE,
  'POST /configuration-items/{id}/observe': ESTATE,
  'POST /configuration-items/{id}/correct': BACK_DATERS,
  'POST /configuration/relations': ESTATE,
  'POST /configuration/relations/correct': BACK_DATERS,
  'POST /configuration/relations/{id}/unrelate': ESTATE,
  'POST /configuration/reviews/{id}/resolve': [...AGENTS, 'change-manager', 'administrator'],
  'POST /configuration/baselines': BACK_DATERS,
  // Who is asked; what one may not see is a 404
  'GET /approvals': 'any',
  'GET /approvals/mine': 'any',
  'GET /approvals/{id}': 'any',
  'POST /approvals/{id}/grant': 'any',
  'POST /approvals/{id}/reject': 'any',
  'GET /audit/findings': ['auditor', 'administrator'],
  'GET /audit/changes': ['auditor', 'administrator'],
  'POST /audit/findings/{id}/dispose': ['auditor'],
  'POST /configuration/discovery': ['service', ...BACK_DATERS],

  // Requesters: their own
  'GET /changes': 'any',
  'GET /changes/calendar': [...DESK, 'service'],
  'GET /changes/{id}': 'any',
  'GET /changes/{id}/history': 'any',
  'POST /changes': [...CHANGE_WRITERS, 'service', 'requester'],
  'POST /changes/{id}/comments': [...CHANGE_WRITERS, 'service', 'requester'],
  'POST /changes/{id}/cancel': [...CHANGE_WRITERS, 'requester'],
  'POST /changes/{id}/override-blackout': ['change-manager'],
  'POST /changes/{id}/edit': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/move-planned-times': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/work-notes': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/links': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/submit': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/schedule': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/tasks': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/start-task': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/finish-task': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/implement': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/deviations': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/end-implementation': [...CHANGE_WRITERS, 'service'],
  'POST /changes/{id}/assign': CHANGE_WRITERS,
  'POST /changes/{id}/unlink': CHANGE_WRITERS,
  'POST /changes/{id}/assess': CHANGE_WRITERS,
  'POST /changes/{id}/assess-risk': CHANGE_WRITERS,
  'POST /changes/{id}/return': CHANGE_WRITERS,
  'POST /changes/{id}/recheck': CHANGE_WRITERS,
  'POST /changes/{id}/hold': CHANGE_WRITERS,
  'POST /changes/{id}/resume': CHANGE_WRITERS,
  'POST /changes/{id}/remove-task': CHANGE_WRITERS,
  'POST /changes/{id}/record-implemented': CHANGE_WRITERS,
  'POST /changes/{id}/review': CHANGE_WRITERS,
  'POST /changes/{id}/close': CHANGE_WRITERS,
  'POST /changes/{id}/revert': CHANGE_WRITERS,
  'POST /change-models': CHANGE_WRITERS,
  'GET /change-models/{id}': [...DESK, 'service'],
  'POST /change-models/{id}/approve': ['change-manager'],
  'POST /change-models/{id}/retire': ['change-manager'],

  'GET /incident-facts': ['analyst', 'auditor', 'administrator', 'team-lead'],
  'GET /search': 'any',
  'GET /events': [...OVERSEERS, 'service'],

  'POST /mails': ['service', 'administrator'],
  'GET /mails': ['team-lead', ...OVERSEERS],
  'GET /mails/{id}/message': ['team-lead', 'administrator'],
  'POST /mails/{id}/review': ['team-lead', 'administrator'],

  'GET /people/{id}': DESK,
  'GET /groups/{id}': DESK,
  'POST /people': ADMINISTRATORS,
  'POST /people/{id}/change': ADMINISTRATORS,
  'POST /people/{id}/deactivate': ADMINISTRATORS,
  'POST /people/{id}/reactivate': ADMINISTRATORS,
  'POST /people/{id}/grant-role': ADMINISTRATORS,
  'POST /people/{id}/revoke-role': ADMINISTRATORS,
  'POST /people/{id}/link-identity': ADMINISTRATORS,
  'POST /people/{id}/unlink-identity': ADMINISTRATORS,
  'POST /people/{id}/issue-token': ADMINISTRATORS,
  'POST /people/{id}/revoke-token': ADMINISTRATORS,
  // And of one’s own
  'POST /people/{id}/delegate': ADMINISTRATORS,
  'POST /people/{id}/revoke-delegation': ADMINISTRATORS,
  'POST /groups': ADMINISTRATORS,
  'POST /groups/{id}/change': ADMINISTRATORS,
  'POST /groups/{id}/add-member': ADMINISTRATORS,
  'POST /groups/{id}/remove-member': ADMINISTRATORS,
  'PUT /groups/{id}/on-call': LEADS,

  'GET /settings/{name}': DESK,
  'PUT /settings/alert-mapping': ADMINISTRATORS,
  'PUT /settings/assignment-rules': ADMINISTRATORS,
  'PUT /settings/custom-fields-incident': ADMINISTRATORS,
  'PUT /settings/hold-reasons': ADMINISTRATORS,
  'PUT /settings/incident': ADMINISTRATORS,
  'PUT /settings/mail-intake': ADMINISTRATORS,
  'PUT /settings/incident-templates': ADMINISTRATORS,
  'PUT /settings/priority-matrix': ADMINISTRATORS,
  'PUT /settings/escalation-rules': ADMINISTRATORS,
  'PUT /settings/major-incident': ADMINISTRATORS,
  'PUT /settings/notification-templates': ADMINISTRATORS,
  'PUT /settings/webhooks': ADMINISTRATORS,
  'PUT /settings/ci-classes': ADMINISTRATORS,
  'PUT /settings/ci-relation-types': ADMINISTRATORS,
  'PUT /settings/ci-reconciliation': ADMINISTRATORS,
  'PUT /settings/calendars': ADMINISTRATORS,
  'PUT /settings/maintenance-windows': ADMINISTRATORS,
  'PUT /settings/blackout-windows': ADMINISTRATORS,
  'PUT /settings/approval-policies': ADMINISTRATORS,
  'PUT /settings/change-risk': ADMINISTRATORS,
  'PUT /settings/change': ADMINISTRATORS,

  'GET /notifications': 'any',
  'POST /notifications/{id}/resend': ADMINISTRATORS,
  'GET /incidents/{number}/notifications': DESK,
  'GET /people/{id}/notification-preferences': ADMINISTRATORS,
  'PUT /people/{id}/notification-preferences': ADMINISTRATORS,

  'GET /projections': OVERSEERS,
  'POST /projections/{name}/rebuild': ADMINISTRATORS,
  'POST /projections/{name}/retry': ADMINISTRATORS,
}

const identity = { issuer: 'https://login.example.org', subject: 'nobody' }
const PAST = '2026-01-05T09:00:00Z'
const related = { type: 'runs-on', source: { name: 'rights-a' }, target: { name: 'rights-b' } }
const link = { relation: 'has-problem', targetType: 'problem', target: 'PRB0000001' }

/** A body with which whoever has the right may use the endpoint; those that are missing take an empty one. */
export function bodyFor(endpoint: string, person: Person, survivor: string): object {
  const bodies: Record<string, object> = {
    'POST /incidents': { title: 'Rights' },
    'POST /incidents/bulk': { items: [{ verb: 'open', body: { title: 'Rights' } }] },
    'POST /incidents/bulk-by-filter': { filter: 'category = "nobody has it"', verb: 'start' },
    'POST /saved-filters': { name: 'Rights', list: 'incidents', filter: 'state = "New"' },
    'POST /saved-filters/remove': { name: 'Rights' },
    'POST /incidents/{number}/apply-knowledge': { article: 'KB0000001', revision: 1 },
    'POST /incidents/{number}/assign': { group: 'Service Desk' },
    'POST /incidents/{number}/audience': { audience: { kind: 'public' } },
    'POST /incidents/{number}/cancel': { code: 'not-an-incident' },
    'POST /incidents/{number}/categorize': { category: 'Mail' },
    'POST /incidents/{number}/change': { title: 'Changed' },
    'POST /incidents/{number}/comments': { text: 'Hello' },
    'POST /incidents/{number}/escalate': { kind: 'functional', group: 'Network' },
    'POST /incidents/{number}/hold': { holdReason: 'awaiting-vendor' },
    'POST /incidents/{number}/links': link,
    'POST /incidents/{number}/unlink': link,
    'POST /incidents/{number}/merge': { survivor },
    'POST /incidents/{number}/override-priority': { priority: 1, reason: 'The board is waiting' },
    'POST /incidents/{number}/prioritize': { impact: 1 },
    'POST /incidents/{number}/resolve': { code: 'fixed', notes: 'Restarted' },
    'POST /incidents/{number}/watch': { person },
    'POST /incidents/{number}/unwatch': { person },
    'POST /incidents/{number}/work-notes': { text: 'Hello' },
    'POST /people': { id: 'nadia', kind: 'person', name: 'Nadia' },
    'POST /people/{id}/grant-role': { role: 'administrator' },
    'POST /people/{id}/revoke-role': { role: 'administrator' },
    'POST /people/{id}/link-identity': identity,
    'POST /people/{id}/unlink-identity': identity,
    'POST /people/{id}/issue-token': { label: 'mine' },
    'POST /people/{id}/revoke-token': { tokenId: '0011223344556677' },
    'POST /people/{id}/delegate': { to: 'ann', until: '2099-01-01T00:00:00Z' },
    'POST /people/{id}/revoke-delegation': { delegationId: '00000000-0000-5000-8000-000000000000' },
    'POST /groups': { id: 'Nobodies', name: 'Nobodies' },
    'POST /groups/{id}/add-member': { person },
    'POST /groups/{id}/remove-member': { person },
    'POST /approvals/{id}/grant': { hash: 'a'.repeat(64) },
    'POST /approvals/{id}/reject': { hash: 'a'.repeat(64), comment: 'No' },
    'POST /audit/findings/{id}/dispose': { disposition: 'justified', comment: 'It had to be' },
    'POST /alerts': { source: 'rights', key: 'walk', status: 'firing' },
    'POST /alerts/alertmanager': {
      version: '4',
      groupKey: 'walk',
      status: 'firing',
      alerts: [{ status: 'firing', labels: {} }],
    },
    'PUT /settings/alert-mapping': { key: 'group', retryWindowSeconds: 240, rules: [] },
    'PUT /settings/assignment-rules': { rules: [] },
    'PUT /settings/custom-fields-incident': { schema: { type: 'object', properties: {} }, filterable: [] },
    'PUT /settings/hold-reasons': { reasons: [HOLD_REASON] },
    'PUT /settings/incident': {
      autoCloseAfterDays: 9,
      remindCallerAfterDays: null,
      resolveSilentAfterDays: null,
    },
    'POST /mails/{id}/review': { action: 'dismiss' },
    'PUT /settings/mail-intake': { unknownSenders: 'review', ownAddresses: [], assignmentGroup: null },
    'PUT /settings/incident-templates': { templates: [{ name: 'Rights', fields: { title: 'Rights' } }] },
    'POST /incidents/{number}/propose-major': { because: 'Nobody can log in' },
    'POST /incidents/{number}/promote': { manager: 'lea' },
    'POST /incidents/{number}/demote': { reason: 'It was one computer' },
    'POST /incidents/{number}/assign-role': { role: 'resolver', person: 'ben' },
    'POST /incidents/{number}/updates': { text: 'We are on it', visibility: 'public' },
    'POST /incidents/{number}/review': { summary: 'A full disk' },
    'POST /incidents/{number}/link-parent': { parent: survivor },
    'POST /incidents/{number}/page': { group: 'Network' },
    'PUT /groups/{id}/on-call': { contacts: ['ann'], acknowledgeWithinMinutes: 5, rounds: 1 },
    'PUT /settings/escalation-rules': { rules: [] },
    'PUT /settings/major-incident': {
      proposeAtPriority: null,
      proposeAboveChildren: null,
      updateEveryMinutes: null,
      remindEveryMinutes: null,
    },
    'PUT /settings/notification-templates': { templates: {} },
    'PUT /settings/webhooks': { endpoints: [] },
    'POST /configuration-items': { class: 'server', name: `rights-${person}` },
    'POST /configuration-items/{id}/change': { attributes: { ramGigabytes: 8 } },
    'POST /configuration-items/{id}/rename': { name: 'rights-walk' },
    'POST /configuration-items/{id}/reclassify': { class: 'server' },
    'POST /configuration-items/{id}/correct': { validFrom: PAST, status: 'live', reason: 'It was there' },
    'POST /configuration/relations': related,
    'POST /configuration/relations/correct': { ...related, present: true, validFrom: PAST, reason: 'It was' },
    'POST /configuration/reviews/{id}/resolve': { decision: 'dismissed' },
    'POST /configuration/discovery': { source: 'rights', run: '1', items: [] },
    'POST /configuration/baselines': { name: `rights-${person}` },
    'PUT /settings/ci-classes': { classes: [] },
    'PUT /settings/ci-relation-types': { types: [] },
    'PUT /settings/ci-reconciliation': { matchRules: [], precedence: [], silentAfterDays: null },
    'PUT /settings/calendars': { calendars: [] },
    'PUT /settings/maintenance-windows': { windows: [] },
    'PUT /settings/blackout-windows': { windows: [] },
    'PUT /settings/approval-policies': { policies: [] },
    'PUT /settings/change-risk': { rules: [], questions: [], thresholds: [] },
    'PUT /settings/change': {
      ratifyWithinHours: 48,
      requesterImplements: 'allowed',
      approverImplements: 'recorded',
    },
    'POST /changes': { type: 'normal', title: 'Rights' },
    'POST /changes/{id}/revert': { type: 'normal' },
    'POST /changes/{id}/edit': { title: 'Rights' },
    'POST /changes/{id}/move-planned-times': { planned: null },
    'POST /changes/{id}/comments': { text: 'Hello' },
    'POST /changes/{id}/work-notes': { text: 'Hello' },
    'POST /changes/{id}/links': { relation: 'related-to', targetType: 'problem', target: 'PRB0000001' },
    'POST /changes/{id}/unlink': { relation: 'related-to', targetType: 'problem', target: 'PRB0000001' },
    'POST /changes/{id}/override-blackout': { window: 'Year end', reason: 'It cannot wait' },
    'POST /changes/{id}/hold': { holdReason: 'awaiting vendor' },
    'POST /changes/{id}/tasks': { title: 'Stop it' },
    'POST /changes/{id}/start-task': { task: 'T1' },
    'POST /changes/{id}/finish-task': { task: 'T1', result: 'done' },
    'POST /changes/{id}/remove-task': { task: 'T1' },
    'POST /changes/{id}/record-implemented': { startedAt: PAST, reason: 'It could not wait' },
    'POST /changes/{id}/deviations': { fields: ['test'], description: 'Not tested' },
    'POST /changes/{id}/end-implementation': { outcome: 'successful', notes: 'Done' },
    'POST /changes/{id}/review': { objectivesMet: true, conclusion: 'Fine' },
    'POST /changes/{id}/cancel': { notes: 'Not needed' },
    'POST /change-models': { id: 'rights', content: MODEL },
    'POST /change-models/{id}/approve': { revision: 1, expiresAt: '2099-01-01T00:00:00Z' },
    'PUT /people/{id}/notification-preferences': { preferences: {} },
    'PUT /settings/priority-matrix': { impacts: ['1'], urgencies: ['1'], priorities: ['1'], cells: [[1]] },
  }
  return bodies[endpoint] ?? {}
}

const MODEL = {
  title: 'Rights',
  implementation: 'Do it.',
  backout: 'Undo it.',
  test: 'Look.',
  variables: [],
  freeFields: ['window'],
  affectedCis: [],
  proposedValues: [],
  longestMinutes: null,
}

const HOLD_REASON = {
  code: 'awaiting-vendor',
  label: 'Awaiting vendor',
  commentRequired: false,
  awaitsCaller: false,
}

/** Path parameters: what people and groups would lose by the walk does not exist. */
export function pathFor(template: string, number: string): string {
  const values: Record<string, string> = {
    number,
    hash: 'a'.repeat(64),
    group: 'Network',
    id: /^\/(alerts|notifications|mails|approvals|configuration\/)/.test(template)
      ? '00000000-0000-5000-8000-000000000000'
      : 'nobody',
    name: template.startsWith('/settings') ? 'incident' : 'work_queue',
  }
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
}

/** An incident of the caller's in the state that the endpoint needs. */
export async function incidentFor(desk: Desk, endpoint: string, caller: string): Promise<string> {
  const number = await desk.opened({ caller })
  if (/\/(reopen|close)$/.test(endpoint))
    await desk.done('ann', number, 'resolve', { code: 'fixed', notes: 'Restarted' })
  return number
}
