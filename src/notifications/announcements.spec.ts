import type { Principal, Role } from '#libs/access'
import type { CommandExecutor, FactSource } from '#libs/command-handling'
import { commandMetadata } from '#libs/testing'
import { Announcements, MOST_MEMBERS } from './announcements.js'
import type { ApprovalAsTold } from './domain/approval-as-told.js'
import {
  AnnounceApproval,
  AnnounceChangeEvent,
  AnnounceIncidentEvent,
  AnnounceProblemEvent,
  type QueueNotification,
} from './domain/notification.commands.js'

const principal = (id: string, ...roles: Role[]): Principal => ({
  id,
  grants: new Map(roles.map((role) => [role, 'grant'])),
  groups: new Set(),
})
const PEOPLE = new Map([
  ['ann', principal('ann', 'agent')],
  ['rita', principal('rita', 'requester')],
])
const incident = {
  title: 'Printer',
  state: 'New',
  caller: 'rita',
  watchers: [],
  group: 'desk',
  audience: { kind: 'public' },
}

function announcing(
  group: object,
  queued: QueueNotification[],
  warnings: object[],
  record: object = incident,
) {
  return new Announcements({
    executor: {
      execute: async (_: unknown, command: QueueNotification) => queued.push(command),
    } as unknown as CommandExecutor,
    facts: {
      answer: async ({ stream }: { stream: string }) => ({
        value: stream.startsWith('group-') ? group : record,
      }),
    } as unknown as FactSource,
    principal: (id) => PEOPLE.get(id),
    email: true,
    webhook: false,
    publicUrl: undefined,
    logger: { warn: (context) => warnings.push(context) },
  })
}

/** What is queued when this event is told of, by recipient. */
async function told(event: object, members: readonly string[], by: readonly string[] = []) {
  const queued: QueueNotification[] = []
  const warnings: object[] = []
  const announcements = announcing({ members: new Set(members) }, queued, warnings)
  const metadata = commandMetadata()
  const data = { event: { id: 'e1', ...event }, by, at: metadata.occurredAt }
  await announcements.announce(new AnnounceIncidentEvent('INC0000001', data as never, metadata))
  const seen = queued.map(({ data: { head, maySee } }) => [head.recipient, head.kind, maySee])
  return { seen: seen.sort(), warnings }
}

const ASSIGNED = {
  type: 'AssignedToGroup',
  data: { group: 'desk', previousGroup: null, previousPerson: null },
}
const RESOLVED = { type: 'IncidentResolved', data: { code: 'fixed', notes: 'Done', resolvedBy: 'ann' } }

describe('News of an incident', () => {
  it('that are written for the desk go to people of the desk alone, whatever they are to the record besides', async () => {
    const { seen } = await told(ASSIGNED, ['ann', 'rita', 'nobody'])
    expect(seen).toEqual([
      ['ann', 'assigned-to-group', true],
      ['nobody', 'assigned-to-group', false],
      ['rita', 'assigned-to-group', false],
    ])
  })

  it('that are written for the caller go to her without any role', async () => {
    expect((await told(RESOLVED, [])).seen).toEqual([['rita', 'resolved', true]])
  })

  it('do not go to whoever made them', async () => {
    expect((await told(RESOLVED, [], ['rita'])).seen).toEqual([])
  })

  it('go to so many members of a group, and who is left out is said', async () => {
    const members = Array.from({ length: MOST_MEMBERS + 2 }, (_, n) => `m${n}`)
    const { seen, warnings } = await told(ASSIGNED, members)
    expect(seen).toHaveLength(MOST_MEMBERS)
    expect(warnings).toEqual([{ group: 'desk', leftOut: 2 }])
  })

  it('that were queued are not sent to whoever may not see them by then', async () => {
    const head = {
      kind: 'watched-record-changed',
      channel: 'email',
      recipient: 'wim',
      reason: { relation: 'watcher' },
      record: 'INC0000001',
      cause: 'e1',
    } as const
    const maySee = (record: object, more: object = {}) =>
      announcing({}, [], [], record).maySee({ ...head, ...more })
    expect(await maySee({ ...incident, watchers: ['wim'] })).toBe(true)
    expect(await maySee(incident)).toBe(false)
    expect(await maySee(incident, { recipient: 'ann' })).toBe(true)
    const secret = { ...incident, audience: { kind: 'groups', groups: ['board'] } }
    expect(await maySee(secret, { recipient: 'ann' })).toBe(false)
    expect(await maySee(incident, { channel: 'webhook' })).toBe(true)
    expect(await maySee(secret, { channel: 'webhook' })).toBe(false)
  })
})

describe('News of an approval', () => {
  const OPEN: ApprovalAsTold = {
    subject: 'CHG0000001',
    title: 'Swap it',
    awaiting: ['ann', 'rita'],
    audience: { kind: 'public' },
    expiresAt: '2026-01-06T09:00:00.000Z',
  }

  async function asked(approval: ApprovalAsTold | undefined, more: { at?: string } = {}) {
    const queued: QueueNotification[] = []
    const endpoints = [
      { name: 'chat', url: 'https://chat.example.org', kinds: ['approval-asked'] },
      { name: 'other', url: 'https://other.example.org', kinds: ['resolved'] },
    ]
    const announcements = new Announcements({
      executor: {
        execute: async (_: unknown, command: QueueNotification) => queued.push(command),
      } as unknown as CommandExecutor,
      facts: {
        answer: async ({ stream }: { stream: string }) => ({
          value: stream === 'settings-webhooks' ? endpoints : approval,
        }),
      } as unknown as FactSource,
      principal: () => undefined,
      email: true,
      webhook: true,
      publicUrl: 'https://desk.example.org/',
      logger: { warn: () => {} },
    })
    const metadata = commandMetadata()
    const data = { event: { id: 'e1', type: 'ApprovalRequested' }, at: more.at ?? metadata.occurredAt }
    await announcements.announceApproval(new AnnounceApproval('a1', data, metadata))
    return queued.map(({ data: { head, values, maySee } }) => [
      head.recipient,
      head.record,
      values.link,
      maySee,
    ])
  }

  const link = 'https://desk.example.org/approvals/a1'
  it('go to those whose answer is awaited, whatever else they may see, and to endpoints that want them', async () => {
    expect(await asked(OPEN)).toEqual([
      ['ann', 'CHG0000001', link, true],
      ['rita', 'CHG0000001', link, true],
      ['chat', 'CHG0000001', link, true],
    ])
  })

  it('leave by no webhook when the subject is not public', async () => {
    const restricted = await asked({ ...OPEN, audience: { kind: 'participants' } })
    expect(restricted.map(([recipient]) => recipient)).toEqual(['ann', 'rita'])
  })

  it('are none once the round has ended, was never asked, or is a day old', async () => {
    expect(await asked({ ...OPEN, awaiting: [] })).toEqual([])
    expect(await asked(undefined)).toEqual([])
    expect(await asked(OPEN, { at: '2026-01-04T08:59:59.999Z' })).toEqual([])
  })
})

describe('News of a problem', () => {
  const problem = {
    title: 'Mail is slow',
    state: 'Assess',
    watchers: ['ann', 'rita', 'nobody'],
    audience: { kind: 'public' },
  }
  const event = { id: 'e1', type: 'ProblemCanceled', data: { from: 'Assess', notes: 'None' } }

  async function queuedFor(record: object, by: readonly string[] = []) {
    const queued: QueueNotification[] = []
    const metadata = commandMetadata()
    const command = new AnnounceProblemEvent('PRB0000001', { event, by, at: metadata.occurredAt }, metadata)
    await announcing({}, queued, [], record).announce(command)
    return queued.map(({ data: { head, maySee } }) => [head.recipient, head.kind, maySee])
  }

  it('goes to people of the desk who watch it, not to who has done it', async () => {
    expect(await queuedFor(problem)).toEqual([
      ['ann', 'watched-problem-changed', true],
      ['rita', 'watched-problem-changed', false],
      ['nobody', 'watched-problem-changed', false],
    ])
    expect((await queuedFor(problem, ['ann'])).map(([person]) => person)).toEqual(['rita', 'nobody'])
  })

  it('is judged again before it is sent, by the problem as it is then', async () => {
    const head = {
      kind: 'problem-assigned-to-group',
      channel: 'email',
      recipient: 'ann',
      reason: { relation: 'member' },
      record: 'PRB0000001',
      cause: 'e1',
    } as const
    const maySee = (record: object | undefined) => announcing({}, [], [], record).maySee(head)
    expect(await maySee({ ...problem, watchers: [] })).toBe(true)
    expect(await maySee({ ...problem, watchers: [], audience: { kind: 'participants' } })).toBe(false)
    expect(await maySee({ ...problem, audience: { kind: 'participants' } })).toBe(true)
    const webhook = { ...head, channel: 'webhook', recipient: 'chat' } as const
    const restricted = { ...problem, audience: { kind: 'participants' } }
    expect(await announcing({}, [], [], restricted).maySee(webhook)).toBe(false)
  })
})

describe('News of a change', () => {
  const change = {
    title: 'A bigger screen',
    state: 'Scheduled',
    requester: 'rita',
    watchers: ['ann', 'nobody'],
    audience: { kind: 'participants' },
  }

  it('go to whoever wants it and watches it, whatever else she may see; what is for the desk to the desk', async () => {
    const queuedFor = async (event: { id: string; type: string; data: object }) => {
      const queued: QueueNotification[] = []
      const metadata = commandMetadata()
      const news = { event, by: ['nobody'], at: metadata.occurredAt }
      await announcing({}, queued, [], change).announce(new AnnounceChangeEvent('CHG0000001', news, metadata))
      return queued.map(({ data: { head, maySee } }) => [head.recipient, head.kind, maySee])
    }
    expect(await queuedFor({ id: 'e1', type: 'ChangeClosed', data: {} })).toEqual([
      ['rita', 'watched-change-changed', true],
      ['ann', 'watched-change-changed', true],
    ])
    const task = { task: 'T1', title: 'Stop it', assignee: 'rita' }
    expect(await queuedFor({ id: 'e2', type: 'ChangeTaskAdded', data: task })).toEqual([
      ['rita', 'change-task-assigned', false],
    ])
  })

  it('that it is to be approved leave by no webhook once it is restricted', async () => {
    const asked = { kind: 'approval-asked', record: 'CHG0000001', cause: 'e1' } as const
    const hook = {
      ...asked,
      channel: 'webhook',
      recipient: 'chat',
      reason: { relation: 'endpoint' },
    } as const
    const mail = { ...asked, channel: 'email', recipient: 'rita', reason: { relation: 'approver' } } as const
    expect(await announcing({}, [], [], change).maySee(hook)).toBe(false)
    expect(await announcing({}, [], [], change).maySee(mail)).toBe(true)
    const open = { ...change, audience: { kind: 'public' } }
    expect(await announcing({}, [], [], open).maySee(hook)).toBe(true)
  })
})
