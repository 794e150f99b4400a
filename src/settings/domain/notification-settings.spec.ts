import type { LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import { KINDS, kindOf, type Templates, type WebhookEndpoint } from '../../notifications/domain/defaults.js'
import { notificationTemplatesDecider } from './notification-templates.js'
import * as commands from './settings.commands.js'
import { webhooksDecider } from './webhooks.js'

const metadata = commandMetadata({ actor: 'root' })

/** Code, and the offending fields, of a refusal. */
function refusal(decide: () => unknown): string[] {
  try {
    decide()
    return ['accepted']
  } catch (error) {
    const { code, extra } = error as LedgerdeskError
    return [code, ...((extra.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer)]
  }
}

describe('notification templates', () => {
  const publish = (templates: object, before?: Templates) =>
    deciderSpec(notificationTemplatesDecider)
      .given(
        ...(before
          ? [{ type: 'NotificationTemplatesPublished' as const, data: { version: 1, templates: before } }]
          : []),
      )
      .when(new commands.PublishNotificationTemplates({ templates: templates as Templates }, metadata)).events
  const ours = { resolved: { subject: 'Done: {{title}}', text: '{{ number }} is done:\n{{detail}}' } }

  it('are published as a version', () => {
    expect(publish(ours)).toEqual([
      { type: 'NotificationTemplatesPublished', data: { version: 1, templates: ours } },
    ])
  })

  it('are no event when they are as they were, and the next version when they are not', () => {
    expect(publish(ours, ours)).toEqual([])
    expect(publish({}, ours)).toEqual([
      { type: 'NotificationTemplatesPublished', data: { version: 2, templates: {} } },
    ])
  })

  it('may all be as the built-in ones', () => {
    const builtIn = Object.fromEntries(
      KINDS.map((kind) => [kind, { subject: kindOf(kind).subject, text: kindOf(kind).text }]),
    )
    expect(publish(builtIn)).toHaveLength(1)
  })

  it('are refused with each field that is wrong', () => {
    const malformed = {
      solved: { subject: 'a', text: 'b' },
      toString: { subject: 'a', text: 'b' },
      resolved: { subject: ' ', text: '{{titel}}' },
      escalated: { subject: '{{priority}}', text: '{{number}} {{caller}} {{}}' },
    }
    expect(refusal(() => publish(malformed))).toEqual([
      'SETTINGS.NOTIFICATION_TEMPLATES_MALFORMED',
      '/templates/solved',
      '/templates/toString',
      '/templates/resolved/subject',
      '/templates/resolved/text',
      '/templates/escalated/text',
      '/templates/escalated/text',
    ])
  })

  it('to people outside the desk name nothing that only the desk sees', () => {
    for (const kind of KINDS) {
      const template = { subject: 'a', text: '{{priority}} {{group}} {{assignee}}' }
      const allowed = kindOf(kind).readership === 'desk'
      expect([kind, refusal(() => publish({ [kind]: template }))[0]]).toEqual([
        kind,
        allowed ? 'accepted' : 'SETTINGS.NOTIFICATION_TEMPLATES_MALFORMED',
      ])
    }
  })
})

describe('webhooks', () => {
  const publish = (...endpoints: WebhookEndpoint[]) =>
    deciderSpec(webhooksDecider).given().when(new commands.PublishWebhooks({ endpoints }, metadata)).events
  const endpoint = (over: object = {}): WebhookEndpoint => ({
    name: 'chat',
    url: 'https://chat.example.org/hooks/1?a=b',
    kinds: ['resolved'],
    ...over,
  })

  it('are published as a version; a repeat is none', () => {
    expect(publish(endpoint())).toEqual([
      { type: 'WebhooksPublished', data: { version: 1, endpoints: [endpoint()] } },
    ])
    const again = deciderSpec(webhooksDecider)
      .given({ type: 'WebhooksPublished', data: { version: 1, endpoints: [endpoint()] } })
      .when(new commands.PublishWebhooks({ endpoints: [endpoint()] }, metadata)).events
    expect(again).toEqual([])
  })

  it('are refused with each field that is wrong', () => {
    const malformed = [
      endpoint({ name: 'Chat room' }),
      endpoint(),
      endpoint({ kinds: [] }),
      endpoint({ name: 'other', url: 'ftp://example.org', kinds: ['resolved', 'solved'] }),
    ]
    expect(refusal(() => publish(...malformed))).toEqual([
      'SETTINGS.WEBHOOKS_MALFORMED',
      '/endpoints/0/name',
      '/endpoints/2/name',
      '/endpoints/2/kinds',
      '/endpoints/3/url',
      '/endpoints/3/kinds/1',
    ])
  })

  it.each([
    ['https://example.org', true],
    ['https://[2001:db8::1]:8443/hook', true],
    ['http://127.0.0.1:8080/hook', true],
    ['http://localhost/hook', true],
    ['http://[::1]:1/', true],
    ['http://example.org/hook', false],
    ['http://localhost.example.org/hook', false],
    ['http://127.0.0.1@example.org/', false],
    ['https://user:secret@example.org/', false],
    ['https://example.org/#part', false],
    ['https://example.org/a b', false],
    ['file:///etc/passwd', false],
    ['', false],
  ])('to %s: %s', (url, allowed) => {
    expect(refusal(() => publish(endpoint({ url })))[0]).toBe(
      allowed ? 'accepted' : 'SETTINGS.WEBHOOKS_MALFORMED',
    )
  })
})
