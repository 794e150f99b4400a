import { kindOf, PLACEHOLDERS, type Templates } from './defaults.js'
import type { NotificationHead } from './notification.events.js'

/** What a message may say of the record and of what happened; absent: there is none. */
export interface Values {
  title: string
  state: string
  priority?: number
  group?: string
  assignee?: string
  /** The words that the event brought: a comment, notes, a time. */
  detail?: string
  /** Address of the record for people. */
  link?: string
  /** Type of the event, and when it was recorded (ISO 8601). */
  event: string
  at: string
}

export interface Rendered {
  subject: string
  text: string
}

const LONGEST_SUBJECT = 200
const LONGEST_DETAIL = 20_000

/** Subject and text of a mail. The subject names the record, by which a reply finds it again. */
export function renderMail(
  { kind, record }: Pick<NotificationHead, 'kind' | 'record'>,
  values: Values,
  templates: Templates,
): Rendered {
  const { readership, ...standard } = kindOf(kind)
  const { subject, text } = templates[kind] ?? standard
  const known = valuesFor(PLACEHOLDERS[readership], record, values)
  return {
    // One line: what a title holds must not become a header of the mail.
    subject: cut(`[${record}] ${oneLine(filled(subject, known))}`, LONGEST_SUBJECT),
    text: `${filled(text, known)
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim()}\n`,
  }
}

/** Body of a webhook, by https://www.standardwebhooks.com: it names the record and what happened, without free text. */
export function renderWebhook(head: NotificationHead, { event, at, ...values }: Values): Rendered {
  const { title, state, priority, group, assignee, link } = values
  const { kind, record, cause } = head
  const data = { record, kind, event, eventId: cause, title, state, priority, group, assignee, link }
  const { about = 'incident' } = kindOf(kind)
  return {
    subject: cut(`[${record}] ${kind}`, LONGEST_SUBJECT),
    text: JSON.stringify({ type: `${about}.${kind}`, timestamp: at, data }),
  }
}

function valuesFor(
  allowed: readonly string[],
  number: string,
  { detail, ...values }: Values,
): ReadonlyMap<string, string> {
  const all: Record<string, unknown> = {
    ...values,
    number,
    detail: detail === undefined ? undefined : cut(detail, LONGEST_DETAIL),
  }
  return new Map(allowed.map((name) => [name, String(all[name] ?? '')]))
}

/** Braces that stand in a value stay as they are: each template is filled in once. */
function filled(template: string, values: ReadonlyMap<string, string>): string {
  return template.replaceAll(/\{\{([^{}]*)\}\}/g, (_, name: string) => values.get(name.trim()) ?? '')
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}

function cut(text: string, longest: number): string {
  const characters = [...text]
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`
}
