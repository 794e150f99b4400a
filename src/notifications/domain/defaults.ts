/**
 * The kinds of notifications on one page: who is told is in `recipients.ts`, what they are told is here. Templates and
 * endpoints of the settings, and people's preferences, name kinds by these words.
 */

/** `requester`: may reach people without a role at the desk, so it may say nothing internal. */
export type Readership = 'requester' | 'desk'

export interface NotificationKind {
  readonly readership: Readership
  /** Nobody can switch it off. */
  readonly mandatory?: true
  /** Of which process it tells, in the type of webhooks; absent: incidents. */
  readonly about?: 'approval' | 'problem' | 'change'
  readonly subject: string
  readonly text: string
}

export const NOTIFICATION_KINDS = {
  opened: {
    readership: 'requester',
    subject: 'We have your report: {{title}}',
    text: 'Your report was registered as {{number}}: {{title}}\n\nReply to this mail to add to it.\n\n{{link}}',
  },
  'assigned-to-me': {
    readership: 'desk',
    subject: 'Assigned to you: {{title}}',
    text: '{{number}} (priority {{priority}}, {{state}}) is yours now: {{title}}\n\n{{link}}',
  },
  'assigned-to-group': {
    readership: 'desk',
    subject: 'New in {{group}}: {{title}}',
    text: '{{number}} (priority {{priority}}, {{state}}) is in the queue of {{group}}: {{title}}\n\n{{link}}',
  },
  'workaround-known': {
    readership: 'desk',
    subject: 'What helps is known: {{title}}',
    text: 'The problem behind {{number}} is a known error. What helps meanwhile:\n\n{{detail}}\n\n{{link}}',
  },
  'caller-replied': {
    readership: 'desk',
    subject: 'The caller replied: {{title}}',
    text: 'The caller of {{number}} ({{state}}) wrote:\n\n{{detail}}\n\n{{link}}',
  },
  'comment-added': {
    readership: 'requester',
    subject: 'New comment: {{title}}',
    text: 'There is a comment on {{number}}:\n\n{{detail}}\n\n{{link}}',
  },
  'awaiting-caller': {
    readership: 'requester',
    subject: 'We need your answer: {{title}}',
    text: 'Work on {{number}} waits for your answer:\n\n{{detail}}\n\nReply to this mail to answer.\n\n{{link}}',
  },
  'caller-reminder': {
    readership: 'requester',
    subject: 'Reminder, we need your answer: {{title}}',
    text: 'Work on {{number}} still waits for your answer:\n\n{{detail}}\n\n{{link}}',
  },
  resolved: {
    readership: 'requester',
    subject: 'Resolved: {{title}}',
    text: '{{number}} is resolved:\n\n{{detail}}\n\nIf the disturbance is still there, reopen it.\n\n{{link}}',
  },
  reopened: {
    readership: 'desk',
    subject: 'Reopened: {{title}}',
    text: '{{number}} (priority {{priority}}) was reopened: {{title}}\n\n{{link}}',
  },
  closed: {
    readership: 'requester',
    subject: 'Closed: {{title}}',
    text: '{{number}} is closed.\n\n{{link}}',
  },
  canceled: {
    readership: 'requester',
    subject: 'Canceled: {{title}}',
    text: '{{number}} was canceled.\n\n{{link}}',
  },
  escalated: {
    readership: 'desk',
    subject: 'Escalated to you: {{title}}',
    text: '{{number}} (priority {{priority}}, {{state}}, {{group}}) was escalated to you: {{title}}\n\n{{link}}',
  },
  'watched-record-changed': {
    readership: 'requester',
    subject: '{{state}}: {{title}}',
    text: '{{number}}, which you watch, is {{state}}.\n\n{{detail}}\n\n{{link}}',
  },
  'major-incident-promoted': {
    readership: 'desk',
    subject: 'Major incident: {{title}}',
    text: '{{number}} is a major incident now (priority {{priority}}, {{group}}): {{title}}\n\n{{link}}',
  },
  'major-incident-role': {
    readership: 'desk',
    subject: 'Your role in a major incident: {{title}}',
    text: 'In the major incident {{number}} you are: {{detail}}\n\n{{link}}',
  },
  'major-incident-update': {
    readership: 'requester',
    subject: 'Update on a major incident: {{title}}',
    text: 'Update on {{number}}:\n\n{{detail}}\n\n{{link}}',
  },
  'major-incident-internal-update': {
    readership: 'desk',
    subject: 'Internal update on a major incident: {{title}}',
    text: 'Internal update on {{number}}:\n\n{{detail}}\n\n{{link}}',
  },
  'major-incident-update-overdue': {
    readership: 'desk',
    subject: 'An update is overdue: {{title}}',
    text: 'For {{number}} an update was promised for {{detail}}.\n\n{{link}}',
  },
  'on-call-paged': {
    readership: 'desk',
    mandatory: true,
    subject: 'On call, acknowledge: {{title}}',
    text: '{{number}} (priority {{priority}}) needs you. Acknowledge by {{detail}}.\n\n{{link}}',
  },
  'on-call-exhausted': {
    readership: 'desk',
    mandatory: true,
    subject: 'Nobody on call has answered: {{title}}',
    text: 'Nobody on call in {{group}} has acknowledged {{number}}: {{title}}\n\n{{link}}',
  },
  'problem-assigned-to-me': {
    readership: 'desk',
    about: 'problem',
    subject: 'Problem assigned to you: {{title}}',
    text: '{{number}} (priority {{priority}}, {{state}}) is yours now: {{title}}\n\n{{link}}',
  },
  'problem-assigned-to-group': {
    readership: 'desk',
    about: 'problem',
    subject: 'New problem in {{group}}: {{title}}',
    text: '{{number}} (priority {{priority}}, {{state}}) is in the queue of {{group}}: {{title}}\n\n{{link}}',
  },
  'problem-task-assigned': {
    readership: 'desk',
    about: 'problem',
    subject: 'Task for a problem: {{title}}',
    text: 'For {{number}} there is to be done:\n\n{{detail}}\n\n{{link}}',
  },
  'problem-comment-added': {
    readership: 'desk',
    about: 'problem',
    subject: 'New comment: {{title}}',
    text: 'There is a comment on {{number}}:\n\n{{detail}}\n\n{{link}}',
  },
  'watched-problem-changed': {
    readership: 'desk',
    about: 'problem',
    subject: '{{state}}: {{title}}',
    text: '{{number}}, which you watch, is in {{state}}.\n\n{{detail}}\n\n{{link}}',
  },
  'change-assigned-to-me': {
    readership: 'desk',
    about: 'change',
    subject: 'Change assigned to you: {{title}}',
    text: '{{number}} ({{state}}) is yours now: {{title}}\n\n{{link}}',
  },
  'change-assigned-to-group': {
    readership: 'desk',
    about: 'change',
    subject: 'New change in {{group}}: {{title}}',
    text: '{{number}} ({{state}}) is in the queue of {{group}}: {{title}}\n\n{{link}}',
  },
  'change-task-assigned': {
    readership: 'desk',
    about: 'change',
    subject: 'Task for a change: {{title}}',
    text: 'For {{number}} there is to be done:\n\n{{detail}}\n\n{{link}}',
  },
  'change-comment-added': {
    readership: 'requester',
    about: 'change',
    subject: 'New comment: {{title}}',
    text: 'There is a comment on {{number}}:\n\n{{detail}}\n\n{{link}}',
  },
  'change-conflict-appeared': {
    readership: 'desk',
    about: 'change',
    subject: 'Conflict: {{title}}',
    text: 'Something is in the way of {{number}} ({{state}}):\n\n{{detail}}\n\n{{link}}',
  },
  'watched-change-changed': {
    readership: 'requester',
    about: 'change',
    subject: '{{state}}: {{title}}',
    text: '{{number}} is in {{state}}.\n\n{{detail}}\n\n{{link}}',
  },
  'approval-asked': {
    readership: 'requester',
    about: 'approval',
    subject: 'Your approval is asked: {{title}}',
    text: '{{number}} needs your approval: {{title}}\n\nAnswer by: {{detail}}\n\n{{link}}',
  },
} as const satisfies Readonly<Record<string, NotificationKind>>

export type Kind = keyof typeof NOTIFICATION_KINDS
export const KINDS = Object.keys(NOTIFICATION_KINDS) as readonly Kind[]

export function isKind(name: string): name is Kind {
  return Object.hasOwn(NOTIFICATION_KINDS, name)
}

export function kindOf(kind: Kind): NotificationKind {
  return NOTIFICATION_KINDS[kind]
}

/** What a template may say, by who may read it. */
export const PLACEHOLDERS: Readonly<Record<Readership, readonly string[]>> = {
  requester: ['number', 'title', 'state', 'detail', 'link'],
  desk: ['number', 'title', 'state', 'detail', 'link', 'priority', 'group', 'assignee'],
}

/** Subject and text by kind; a kind that is not there has the built-in ones. */
export type Templates = Readonly<Partial<Record<Kind, { subject: string; text: string }>>>
export const DEFAULT_TEMPLATES: Templates = Object.fromEntries(
  KINDS.map((kind) => [kind, { subject: kindOf(kind).subject, text: kindOf(kind).text }]),
)

/** Who is told over HTTP of what, beside people. */
export interface WebhookEndpoint {
  /** Names it in notifications, and its secret in the configuration. */
  name: string
  url: string
  kinds: readonly Kind[]
}
export const DEFAULT_WEBHOOKS: readonly WebhookEndpoint[] = []

/** Whether double braces stand in it that open or close no placeholder, and would be sent as they are. */
export function hasLooseBraces(template: string): boolean {
  return /\{\{|\}\}/.test(template.replaceAll(/\{\{([^{}]*)\}\}/g, ''))
}

/** Names between double braces, in the order in which they stand. */
export function placeholdersIn(template: string): string[] {
  return [...template.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name = '']) => name.trim())
}
