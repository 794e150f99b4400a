import { randomUUID } from 'node:crypto'
import { systemPrincipal } from '#libs/access'
import { CommandExecutor, FactSource, StreamCache } from '#libs/command-handling'
import { type Command, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { commandMetadata, InMemoryEventStore } from '#libs/testing'
import { schemaVersionOf } from '../../event-catalog.js'
import { QueueNotification, RecordDelivery, StartDelivery } from '../domain/notification.commands.js'
import type { NotificationEvent, NotificationHead } from '../domain/notification.events.js'
import { notificationRecords } from '../notification.record.js'
import { type AttemptOutcome, Courier, type CourierLimits } from './courier.js'
import { MailServer } from './mail-server.fixture.js'
import { SmtpChannel } from './smtp-channel.js'

const ID = '00000000-0000-5000-8000-00000000000a'
const STREAM = `notification-${ID}`
const NOW = Date.UTC(2026, 0, 5, 9)

/** What a process does when it dies at some command: nothing more. */
class Died extends Error {}

const bySystem = () =>
  commandMetadata({
    actor: 'system:test',
    commandId: randomUUID(),
    occurredAt: new Date(NOW).toISOString(),
  })

interface ProcessOptions {
  log: EventStore
  /** Comes before each command; what it throws is what the process meets. */
  before?(command: Command): void
  now?: number
  limits?: Partial<CourierLimits>
  maySee?(head: NotificationHead): Promise<boolean>
}

describe('The courier, with a mail server', () => {
  let server: MailServer
  const couriers: Courier[] = []
  const outcomes: AttemptOutcome[] = []

  beforeEach(async () => {
    outcomes.length = 0
    server = await MailServer.start()
  })
  afterEach(async () => {
    await Promise.all(couriers.splice(0).map((courier) => courier.close()))
    await server.stop()
  })

  /** A log with one mail for Carl in it. */
  async function queued(): Promise<EventStore> {
    const log = new InMemoryEventStore()
    const executor = executorOn({ log })
    const head = {
      kind: 'opened',
      channel: 'email',
      recipient: 'carl',
      reason: { relation: 'caller' },
      record: 'INC0000001',
      cause: 'e',
    } as const
    await log.append({
      stream: 'person-carl',
      expectedRevision: 'noStream',
      events: [
        {
          id: '00000000-0000-4000-8000-000000000001',
          type: 'PersonRegistered',
          data: { kind: 'person', name: 'Carl', email: 'carl@example.org' },
          metadata: { ...commandMetadata(), schemaVersion: 1 } as never,
        },
      ],
    })
    const values = { title: 'Mail', state: 'New', event: 'IncidentOpened', at: '2026-01-05T08:00:00.000Z' }
    await executor.execute(
      notificationRecords,
      new QueueNotification(ID, { head, values, maySee: true }, bySystem()),
    )
    return log
  }

  function executorOn({ log, before }: ProcessOptions): Pick<CommandExecutor, 'execute'> {
    const executor = new CommandExecutor({
      store: log,
      facts: new FactSource(log, []),
      cache: new StreamCache(),
      schemaVersion: schemaVersionOf,
      principal: (id) => systemPrincipal(id),
    })
    return {
      async execute(records, command) {
        before?.(command)
        return executor.execute(records, command)
      },
    }
  }

  function courier(options: ProcessOptions): Courier {
    const email = new SmtpChannel({
      url: server.url,
      from: 'Desk <itsm@example.org>',
      addressOf: async () => ({ active: true, email: 'carl@example.org' }),
    })
    const made = new Courier({
      executor: executorOn(options),
      eventStore: options.log,
      channels: { email },
      logger: { warn: () => {} },
      onAttempt: (_, outcome) => outcomes.push(outcome),
      maySee: options.maySee,
      clock: () => options.now ?? NOW,
      limits: { recordAgainMs: 1, closeMs: 50, ...options.limits },
    })
    couriers.push(made)
    return made
  }

  async function delivered(...those: Courier[]): Promise<void> {
    for (const one of those) one.wish(ID, 'email')
    await Promise.all(those.map((one) => one.idle()))
  }

  async function typesIn(log: EventStore): Promise<string[]> {
    return ((await log.readStream(STREAM)) as RecordedEvent<NotificationEvent>[]).map(({ type }) => type)
  }

  const LATER = NOW + 60 * 60_000
  const diesAt = (Class: typeof RecordDelivery | typeof StartDelivery) => (command: Command) => {
    if (command instanceof Class) throw new Died()
  }

  it('sends once and records it', async () => {
    const log = await queued()
    await delivered(courier({ log }))
    expect(await typesIn(log)).toEqual(['NotificationQueued', 'DeliveryStarted', 'NotificationDelivered'])
    expect(server.mails.map(({ messageId }) => messageId)).toEqual([`<notification-${ID}@example.org>`])
  })

  it('does not send what its recipient may not see any more, and says why', async () => {
    const log = await queued()
    server.refused.set('carl@example.org', 451)
    const asked: string[] = []
    const may = (yes: boolean) => async (head: NotificationHead) => {
      asked.push(`${head.recipient} ${head.record} ${yes}`)
      return yes
    }
    await delivered(courier({ log, maySee: may(true) }))
    server.refused.clear()
    await delivered(courier({ log, now: LATER, maySee: may(false) }))
    await delivered(courier({ log, now: LATER, maySee: may(true) }))
    expect(server.mails).toHaveLength(0)
    expect(await typesIn(log)).toEqual([
      'NotificationQueued',
      'DeliveryStarted',
      'DeliveryFailed',
      'NotificationSuppressed',
    ])
    expect(asked).toEqual(['carl INC0000001 true', 'carl INC0000001 false'])
  })

  it('of many processes that wish for it at once, one sends', async () => {
    const log = await queued()
    await delivered(...Array.from({ length: 5 }, () => courier({ log })))
    expect(server.mails).toHaveLength(1)
  })

  it('of two processes that do not see each other’s claims, both send (counter-proof)', async () => {
    await delivered(courier({ log: await queued() }), courier({ log: await queued() }))
    expect(server.mails).toHaveLength(2)
  })

  it('sends nothing twice when wished for again, while it is under way and afterwards', async () => {
    const log = await queued()
    const one = courier({ log })
    const other = courier({ log })
    server.beforeAnswer = async () => other.wish(ID, 'email')
    await delivered(one)
    await delivered(other, one)
    await delivered(courier({ log, now: LATER }))
    expect(server.mails).toHaveLength(1)
  })

  it('sends what a process that died before sending had claimed, once its claim is over', async () => {
    const log = await queued()
    const claim = new StartDelivery(ID, { until: new Date(NOW + 60_000).toISOString() }, bySystem())
    await executorOn({ log }).execute(notificationRecords, claim)
    await delivered(courier({ log }))
    expect(server.mails).toHaveLength(0)
    await delivered(courier({ log, now: LATER }))
    expect(server.mails).toHaveLength(1)
  })

  it('sends twice, under one Message-ID, when a process dies between the answer and its record', async () => {
    const log = await queued()
    await delivered(courier({ log, before: diesAt(RecordDelivery) }))
    expect(await typesIn(log)).toEqual(['NotificationQueued', 'DeliveryStarted'])
    await delivered(courier({ log, now: LATER }))
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(1)
    expect(server.mails).toHaveLength(2)
  })

  it('would lose the mail if it recorded before it sends, and died in between (counter-proof)', async () => {
    const log = await queued()
    const until = new Date(NOW + 60_000).toISOString()
    const executor = executorOn({ log })
    await executor.execute(notificationRecords, new StartDelivery(ID, { until }, bySystem()))
    const early = new RecordDelivery(ID, { attempt: 1, messageId: 'm' }, bySystem())
    await executor.execute(notificationRecords, early)
    await delivered(courier({ log, now: LATER }))
    expect(server.mails).toHaveLength(0)
  })

  it('records what it sent as soon as the log is back, and does not send again', async () => {
    const log = await queued()
    let away = 3
    const before = (command: Command) => {
      if (command instanceof RecordDelivery && away-- > 0) throw new Unavailable('EVENT_STORE.AWAY', 'away')
    }
    await delivered(courier({ log, before }))
    expect(await typesIn(log)).toContain('NotificationDelivered')
    expect(server.mails).toHaveLength(1)
  })

  it('gives up what the server refuses for good, and repeats no address', async () => {
    const log = await queued()
    server.refused.set('carl@example.org', 550)
    await delivered(courier({ log }))
    expect(await typesIn(log)).toEqual([
      'NotificationQueued',
      'DeliveryStarted',
      'DeliveryFailed',
      'NotificationDeadLettered',
    ])
    const events = (await log.readStream(STREAM)) as RecordedEvent<NotificationEvent>[]
    expect(JSON.stringify(events)).not.toContain('carl@')
    expect(outcomes).toEqual(['refused'])
  })

  it('tries again what the server refuses for now, and what it cannot reach', async () => {
    const log = await queued()
    server.refused.set('carl@example.org', 451)
    await delivered(courier({ log }))
    expect((await typesIn(log)).at(-1)).toBe('DeliveryFailed')
    server.refused.clear()
    await delivered(courier({ log, now: LATER }))
    expect((await typesIn(log)).at(-1)).toBe('NotificationDelivered')
    expect(outcomes).toEqual(['failed', 'delivered'])
  })

  it('gives a server that does not answer up, holds nobody up meanwhile, and closes', async () => {
    const log = await queued()
    let answer = () => {}
    server.beforeAnswer = () => new Promise((resolve) => (answer = resolve))
    const patient = courier({ log, limits: { sendMs: 100 } })
    await delivered(patient)
    expect((await typesIn(log)).at(-1)).toBe('DeliveryFailed')
    const slow = courier({ log, now: LATER })
    slow.wish(ID, 'email')
    await slow.close()
    expect((await typesIn(log)).at(-1)).toBe('DeliveryStarted')
    answer()
  })
})
