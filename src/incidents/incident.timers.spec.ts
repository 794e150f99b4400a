import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { type Principal, ROLES, systemPrincipal } from '#libs/access'
import { CommandExecutor, FactSource, StreamCache } from '#libs/command-handling'
import { type Command, derivedId, LedgerdeskError, LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { type DispatchOutcome, PolicyRunner } from '#libs/projections-runtime'
import {
  appendEvents,
  CrashingReadStore,
  FakeClock,
  InMemoryEventStore,
  InMemoryReadStore,
} from '#libs/testing'
import type { SettingsEvent } from '../settings/domain/settings.events.js'
import * as commands from './domain/incident.commands.js'
import type { IncidentEvent } from './domain/incident.events.js'
import { incidentPolicies } from './domain/incident.policies.js'
import { evolve, type IncidentRecord, isOpened, NOT_OPENED } from './domain/incident.state.js'
import { incidentRecords } from './incident.record.js'

const MINUTE_MS = 60_000

const SETTINGS: [stream: string, event: SettingsEvent][] = [
  [
    'settings-incident',
    {
      type: 'IncidentSettingsPublished',
      data: {
        version: 1,
        settings: { autoCloseAfterDays: 1, remindCallerAfterDays: null, resolveSilentAfterDays: null },
      },
    },
  ],
  [
    'settings-major-incident',
    {
      type: 'MajorIncidentSettingsPublished',
      data: {
        version: 1,
        settings: {
          proposeAtPriority: 1,
          proposeAboveChildren: null,
          updateEveryMinutes: 30,
          remindEveryMinutes: 480,
        },
      },
    },
  ],
  [
    'settings-escalation-rules',
    {
      type: 'EscalationRulesPublished',
      data: {
        version: 1,
        rules: [
          { name: 'Old', when: {}, since: 'opened', afterMinutes: 120, action: { kind: 'hierarchical' } },
          {
            name: 'Critical',
            when: { priorities: [1] },
            since: 'opened',
            afterMinutes: 20,
            action: { kind: 'on-call' },
          },
          {
            name: 'Silent',
            when: {},
            since: 'assignee-update',
            afterMinutes: 60,
            action: { kind: 'hierarchical' },
          },
        ],
      },
    },
  ],
]

/** Real rules and policies on a log in memory, with two runners and a clock that the story moves. */
class Desk {
  readonly clock = new FakeClock()
  readonly log = new InMemoryEventStore('log', () => this.clock.now())
  readonly memory = new InMemoryReadStore()
  readonly readStore = new CrashingReadStore(this.memory)
  readonly deaths: string[] = []
  /** What a reminder's metadata are when it is delivered a second time, hours later; undefined: it is delivered once. */
  secondTime: ((metadata: Command['metadata']) => Command['metadata']) | undefined
  #runners: PolicyRunner[] = []
  #sent = 0
  readonly #executor = new CommandExecutor({
    store: this.log,
    facts: new FactSource(this.log, []),
    cache: new StreamCache(),
    schemaVersion: () => 1,
    principal: (id) => (id.startsWith('system:') ? systemPrincipal(id.slice(7)) : everything(id)),
  })

  async open(): Promise<void> {
    for (const [stream, event] of SETTINGS) await appendEvents(this.log, stream, [event])
    await appendEvents(this.log, 'group-network', [
      { type: 'GroupRegistered', data: { name: 'Network', manager: 'mia' } },
      { type: 'MemberAdded', data: { person: 'bob' } },
      {
        type: 'OnCallContactsSet',
        data: { contacts: ['bob', 'agnes'], acknowledgeWithinMinutes: 10, rounds: 2 },
      },
    ])
    for (const name of ['bob', 'agnes', 'mia'])
      await appendEvents(this.log, `person-${name}`, [
        { type: 'PersonRegistered', data: { kind: 'person', name } },
        { type: 'RoleGranted', data: { role: 'agent', source: 'setup' } },
      ])
    this.readStore.crash = (at) => this.mayDie(at)
    await this.restart()
  }

  async restart(): Promise<void> {
    await this.stop()
    this.#runners = ['a', 'b'].map(
      (owner) =>
        new PolicyRunner({
          eventStore: this.log,
          readStore: this.readStore,
          clock: this.clock,
          owner,
          policies: incidentPolicies,
          dispatch: (command) => this.#dispatch(command),
        }),
    )
    for (const runner of this.#runners) await runner.start()
    await this.settle()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop()))
  }

  mayDie(at: string): void {
    if (this.deaths[0] !== at) return
    this.deaths.shift()
    throw new Error(`killed ${at}`)
  }

  async #dispatch(command: Command): Promise<DispatchOutcome> {
    this.mayDie('before dispatch')
    const outcome = await this.#carryOut(command as commands.IncidentCommand)
    if (command.type === 'RemindOfUpdate') await this.#deliverAgain(command)
    this.mayDie('after dispatch')
    return outcome
  }

  /** As a network does that has kept a message for too long. */
  async #deliverAgain({ id, metadata }: Command): Promise<void> {
    const { secondTime } = this
    if (secondTime === undefined) return
    this.secondTime = undefined
    this.clock.jumpTo(new Date(this.clock.now() + 500 * MINUTE_MS).toISOString())
    const late = { ...secondTime(metadata), occurredAt: this.clock.iso() }
    await this.#carryOut(new commands.RemindOfUpdate(id, {}, late))
  }

  async #carryOut(command: commands.IncidentCommand): Promise<DispatchOutcome> {
    try {
      await this.#executor.execute(incidentRecords, command)
      return { outcome: 'done' }
    } catch (error) {
      if (error instanceof LedgerdeskError) return { outcome: 'refused', error }
      return { outcome: 'retry', reason: String(error) }
    }
  }

  /** Somebody asks for it over the API; refusals are answers like others. */
  async ask(
    build: (metadata: Command['metadata']) => commands.IncidentCommand,
    actor = 'bob',
  ): Promise<void> {
    await this.#carryOut(
      build({
        actor,
        channel: 'api',
        occurredAt: this.clock.iso(),
        commandId: derivedId('story', String(this.#sent++)),
        keyed: false,
        correlationId: 'story',
        reason: 'because',
      }),
    )
    await this.settle()
  }

  /** Lets everything that can happen now happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 16; turn++) {
      this.clock.advance(1)
      for (let tick = 0; tick < 4; tick++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async pass(minutes: number, steps = 4): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.clock.advance((minutes * MINUTE_MS) / steps)
      await this.settle()
    }
  }

  async events(): Promise<RecordedEvent<IncidentEvent>[]> {
    const { events } = await this.log.readAll({ after: LOG_START, limit: 10_000 })
    return events.filter(({ stream }) => stream.startsWith('incident-')) as RecordedEvent<IncidentEvent>[]
  }
}

function everything(id: string): Principal {
  return { id, grants: new Map(ROLES.map((role) => [role, 'story'])), groups: new Set(['network']) }
}

type Step =
  | { do: 'open' | 'urgent' | 'promote' | 'tell' | 'accept' | 'note' | 'resolve' | 'reopen'; number: string }
  | { do: 'page' | 'acknowledge' | 'follow' | 'import'; number: string }
  | { do: 'pass' | 'jump'; minutes: number }
  | { do: 'expire leases' | 'restart' }
  | { do: 'kill'; at: string }

const DEATHS = ['before commit', 'after commit', 'before dispatch', 'after dispatch']
const number = fc.constantFrom('INC0000001', 'INC0000002')
const aStep = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'open',
        'urgent',
        'promote',
        'tell',
        'accept',
        'note',
        'resolve',
        'reopen',
        'page',
        'acknowledge',
        'follow',
        'import',
      ),
      number,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('pass', 'jump'), minutes: fc.integer({ min: 5, max: 400 }) }),
  },
  // A clock that is set back: what was due is not due again, and what waits is late by that at most
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('jump'), minutes: fc.integer({ min: -300, max: -1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('expire leases', 'restart') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('kill'), at: fc.constantFrom(...DEATHS) }) },
) as fc.Arbitrary<Step>

/** What was open and imported before the desk came to be: nothing may happen to it. */
const IMPORTED = 'INC0000009'

async function take(desk: Desk, step: Step): Promise<void> {
  switch (step.do) {
    case 'pass':
      return desk.pass(step.minutes)
    case 'jump':
      desk.clock.jumpTo(new Date(desk.clock.now() + step.minutes * MINUTE_MS).toISOString())
      return desk.settle()
    case 'expire leases':
      return desk.memory.expireLeases()
    case 'restart':
      return desk.restart()
    case 'kill':
      desk.deaths.push(step.at)
      return
    case 'import':
      return imported(desk)
    default:
      return desk.ask((metadata) => wish(step, metadata))
  }
}

async function imported(desk: Desk): Promise<void> {
  if ((await desk.events()).some(({ stream }) => stream === `incident-${IMPORTED}`)) return
  const source = { name: 'old desk', externalId: '9', row: 1, run: 'r' }
  const opened = { title: 'x', audience: { kind: 'public' } }
  const derived = { impact: 1, urgency: 1, priority: 1, matrixVersion: 0, previous: null }
  await appendEvents(
    desk.log,
    `incident-${IMPORTED}`,
    [
      { type: 'IncidentOpened', data: opened },
      { type: 'PriorityDerived', data: derived },
    ],
    { channel: 'import', source },
  )
}

function wish(
  { do: what, number: id }: Extract<Step, { number: string }>,
  metadata: Command['metadata'],
): commands.IncidentCommand {
  switch (what) {
    case 'open':
      // An id of its own keeps the story readable; over the API the number is allotted.
      return new commands.OpenIncident(id, { title: 'x', assignmentGroup: 'network' }, metadata)
    case 'urgent':
      return new commands.OverridePriority(id, { priority: 1 }, metadata)
    case 'promote':
      return new commands.PromoteMajorIncident(id, { manager: 'mia' }, metadata)
    case 'tell':
      return new commands.PostMajorIncidentUpdate(id, { text: 'x', visibility: 'public' }, metadata)
    case 'accept':
      return new commands.Accept(id, {}, metadata)
    case 'note':
      return new commands.AddWorkNote(id, { text: 'x' }, metadata)
    case 'resolve':
      return new commands.Resolve(id, { code: 'x', notes: 'x' }, metadata)
    case 'reopen':
      return new commands.Reopen(id, {}, metadata)
    case 'page':
      return new commands.PageOnCall(id, {}, metadata)
    case 'acknowledge':
      return new commands.AcknowledgePage(id, {}, metadata)
    default: {
      const parent = id === 'INC0000001' ? 'INC0000002' : 'INC0000001'
      return new commands.LinkParent(id, { parent }, metadata)
    }
  }
}

async function run(steps: readonly Step[], prepare: (desk: Desk) => void = () => {}): Promise<Desk> {
  const desk = new Desk()
  prepare(desk)
  await desk.open()
  for (const step of steps) await take(desk, step)
  desk.deaths.length = 0
  desk.memory.expireLeases()
  await desk.pass(3 * 24 * 60, 24)
  await desk.stop()
  return desk
}

/** What happened twice, and what is still owed. */
async function verdict(desk: Desk): Promise<string[]> {
  const events = await desk.events()
  const faults = [...twice(events)]
  const streams = new Set(events.map(({ stream }) => stream))
  for (const stream of streams) {
    const own = events.filter((event) => event.stream === stream)
    faults.push(...owed(stream, own, desk.clock.iso()))
  }
  return faults
}

/** Every timer is set by one event, so that a policy acts once for each; rules of one schedule go by their names. */
function twice(events: readonly RecordedEvent<IncidentEvent>[]): string[] {
  const done = new Map<string, string>()
  const faults: string[] = []
  for (const { type, stream, data, metadata } of events) {
    if (metadata.channel !== 'policy') continue
    const rule = 'rule' in data ? JSON.stringify(data.rule) : ''
    const cause = [metadata.actor, metadata.causationId, stream, type, rule].join(' ')
    const before = done.get(cause)
    if (before !== undefined && before !== metadata.commandId) faults.push(`${stream}: ${type} twice`)
    done.set(cause, metadata.commandId)
  }
  return faults
}

function owed(stream: string, events: readonly RecordedEvent<IncidentEvent>[], now: string): string[] {
  const record = events.reduce<IncidentRecord>(evolve, NOT_OPENED)
  if (!isOpened(record)) return []
  const faults: string[] = []
  const late = (what: string, at: string | null | undefined) => {
    if (at != null && at <= now) faults.push(`${stream}: ${what} is owed since ${at}`)
  }
  late('a close', record.autoCloseAt)
  late('a reminder', record.major?.remindAt)
  late('the next call', record.paging?.acknowledgeBy)
  for (const { rule, at } of record.escalations.due) late(`rule "${rule}"`, at)
  if (stream.endsWith(IMPORTED) && events.some(({ metadata }) => metadata.channel === 'policy'))
    faults.push(`${stream}: a policy acted on an import`)
  return faults
}

const all = (kind: Step['do'], at: string): Step => ({ do: kind, number: at }) as Step
const FIRST = 'INC0000001'

describe('reminders, escalations, calls and automatic closes, whatever dies and whenever', () => {
  it('happen once each, and none is forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { maxLength: 16 }), async (steps) => {
        expect(await verdict(await run([all('open', FIRST), ...steps]))).toEqual([])
      }),
      { numRuns: 20 },
    )
  }, 600_000)

  it('all of them happen', async () => {
    const desk = await run([
      all('open', FIRST),
      all('urgent', FIRST),
      all('promote', FIRST),
      { do: 'pass', minutes: 400 },
      { do: 'pass', minutes: 400 },
      all('accept', FIRST),
      { do: 'pass', minutes: 100 },
      all('resolve', FIRST),
    ])
    const types = new Set((await desk.events()).map(({ type }) => type))
    expect([...types]).toEqual(
      expect.arrayContaining([
        'MajorIncidentProposed',
        'MajorIncidentUpdateOverdue',
        'IncidentEscalated',
        'OnCallPaged',
        'OnCallExhausted',
        'IncidentClosed',
      ]),
    )
    expect(await verdict(desk)).toEqual([])
  }, 120_000)

  it('happen once though the clock is set back after they did', async () => {
    const twoCalls = [all('open', FIRST), all('urgent', FIRST), all('promote', FIRST)]
    const back: Step[] = [
      { do: 'pass', minutes: 35 },
      { do: 'jump', minutes: -35 },
      { do: 'restart' },
      { do: 'jump', minutes: 35 },
      { do: 'expire leases' },
      { do: 'jump', minutes: -10 },
    ]
    const desk = await run([...twoCalls, ...back])
    const events = await desk.events()
    const overdue = events.filter(({ type }) => type === 'MajorIncidentUpdateOverdue')
    expect(overdue.map(({ data }) => (data as { count: number }).count)).toEqual(overdue.map((_, n) => n + 1))
    expect(overdue.length).toBeGreaterThan(1)
    expect(await verdict(desk)).toEqual([])
  }, 120_000)

  describe('a command that arrives a second time, when the next one would be due', () => {
    const steps: Step[] = [all('open', FIRST), all('promote', FIRST), { do: 'jump', minutes: 31 }]

    it('is known by its id, which follows from the timer', async () => {
      const desk = await run(steps, (made) => {
        made.secondTime = (metadata) => metadata
      })
      expect(desk.secondTime).toBeUndefined()
      expect(await verdict(desk)).toEqual([])
    }, 60_000)

    it('takes effect twice when its id is another each time (counter-proof)', async () => {
      const desk = await run(steps, (made) => {
        made.secondTime = (metadata) => ({ ...metadata, commandId: randomUUID() })
      })
      expect(await verdict(desk)).toContain(`incident-${FIRST}: MajorIncidentUpdateOverdue twice`)
    }, 60_000)
  })
})
