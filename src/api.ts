import type { ApiDescription } from '#libs/platform'

/** What the OpenAPI document says of the whole. */
export const API: ApiDescription = {
  title: 'Ledgerdesk',
  version: '0.1.0',
  description:
    'Event-sourced IT service management. Every command answers with the revision and the position of what it recorded; every ' +
    'query takes `minPosition` to read one’s own write, and `validAt`/`asOf` to see any moment on both time axes.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  tags: {
    incidents: 'Open, work, read; the whole history of each.',
    'major-incidents': 'Those that need more than one pair of hands.',
    problems: 'What is behind incidents, what helps meanwhile, and how it is fixed.',
    'configuration-items': 'What the services are made of: register, change, correct.',
    configuration: 'How configuration items are related, what sources say of them, baselines.',
    changes: 'What is to be changed, who allows it, and what came of it.',
    'cab-meetings': 'What the change advisory board advises.',
    'change-models': 'What standard changes are made from.',
    approvals: 'Who is asked about what, and what was answered.',
    'problem-candidates': 'Incidents that seem to have one cause.',
    audit: 'What auditors ask of changes, and what they say of the answers.',
    search: 'Records by their words.',
    alerts: 'What monitoring says, before it is an incident.',
    mails: 'What came by mail, and what became of it.',
    notifications: 'Who was told what, why, and what became of it.',
    queues: 'Who has what to do, now and at any time before.',
    'saved-filters': 'Filters that people and groups use again and again.',
    'incident-facts': 'One row per incident, for analysts.',
    'incident-trends': 'What comes back, and how often.',
    events: 'The log itself.',
    people: 'Who acts, with which rights.',
    groups: 'Assignment groups.',
    settings: 'Configuration that decides something, in versions.',
    projections: 'Read models and policies, for those who run the server.',
    operation: 'Health, metrics, this document.',
  },
}
