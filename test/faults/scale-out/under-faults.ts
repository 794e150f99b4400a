import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '#libs/event-sourcing'
import { randomNumbers } from '#libs/random-numbers'
import { eventually } from '../../../libs/testing/eventually.js'
import { ask } from '../server/api.js'
import type { ServerProcess } from '../server/ledgerdesk-process.js'
import { issueTokens, registerGroup, type Tokens } from '../server/people.js'
import { brokenPromises, brokenRepeats } from '../server/promises.js'
import {
  type Contents,
  contentsOf,
  differences,
  foreignCheckpoints,
  rebuiltContents,
  untilAllLevel,
} from '../server/read-models.js'
import { Workload } from '../server/workload.js'
import { type Role, ScaleOut } from './system.js'
import { tallyTopic } from './topic-check.js'

const KILLS = Number(process.env.FAULT_PROCESS_KILLS ?? (process.env.CI === 'true' ? 3 : 30))
const SEED = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31))
/** Two processors share all servers and processes; a load that the projector can't follow would only make it wait. */
const CLIENTS = 4
const PACE = { pauseMilliseconds: 600, items: 4 }
const OUTAGE_MS = 4_000
/** Events that a publisher handles at a time. */
const BATCH = 500
/** Longest that a client waited for any answer: servers that are silent, and retries, included. */
const LONGEST_ANSWER_MS = 45_000
const LONG = 200_000
/** Each look costs servers work that the load needs too. */
const LOOK_EVERY_MS = 200

/** Whether a process of a role is to say that it is ready while a server is away. */
const READY_WITHOUT = {
  eventStore: { api: false, projector: false },
  readStore: { api: true, projector: false },
  broker: { api: true, projector: true },
}

const lookUntil = <Value>(what: string, condition: () => Promise<Value | false>): Promise<Value> =>
  eventually(what, async () => (await condition()) || sleep(LOOK_EVERY_MS, false as const), LONG)

const report = (line: string) => process.stdout.write(`  ${line}\n`)

/** What goes wrong in one run of the load. */
interface Faults {
  /** Servers that are killed, frozen and restarted. */
  servers: readonly ('eventStore' | 'readStore' | 'broker')[]
  /** Whether processes of ours are killed at random, too, and some started by mistake. */
  processes?: boolean
}

/**
 * The scale-out shape under faults: our processes in every role, two of each (so the second projector and the second
 * publisher that somebody starts by mistake are there all the time), on servers that go away in every way. To be called in a
 * file of its own, as it waits for most of its time, and others may wait beside it.
 */
export function underFaults({ servers, processes = false }: Faults): void {
  jest.setTimeout(240_000 + KILLS * 30_000)
  const kills = processes ? `, ${KILLS} kills` : ''
  describe(`the scale-out shape under faults of ${servers.join(' and ')}${kills} (seed ${SEED})`, () =>
    suite(servers, processes))
}

function suite(servers: Faults['servers'], processes: boolean): void {
  const random = randomNumbers(SEED)

  let system: ScaleOut
  let tokens: Tokens
  let workload: Workload
  /** Kills of publishers, and outages of what they need: each may have cut off one batch. */
  let cuts = 0

  beforeAll(async () => {
    system = await ScaleOut.start()
    tokens = await issueTokens(system.stores)
    workload = new Workload(tokens.agents, random, { audience: { kind: 'public' } }, PACE)
    const roles: Role[] = ['api', 'api', 'projector', 'projector', 'publisher', 'publisher']
    const started = roles.map((role) => system.launch(role))
    await Promise.all(started.map(({ serving }) => serving))
    await registerGroup(system.of('api')[0]!, tokens)
  })
  afterAll(async () => {
    await system?.dispose()
  })

  /** Load while `during` runs; gives what was asked meanwhile. */
  async function underLoad(during: () => Promise<void>) {
    const before = workload.attempts.length
    const stop = new AbortController()
    const load = workload.run(() => system.someApi(), CLIENTS, stop.signal)
    try {
      await during()
    } finally {
      stop.abort()
      await load
    }
    return workload.attempts.slice(before)
  }

  const answered = (attempts: Workload['attempts']) =>
    attempts.filter(({ answer }) => answer && answer.status < 300).length

  /** Read models and topic have everything, and every process says that it is ready. */
  async function untilLevel(): Promise<number> {
    const start = performance.now()
    const head = await lookUntil('the log answers', () =>
      system.withLog((log) => log.head()).catch(() => false),
    )
    const path = `/queues?minPosition=${head}`
    await lookUntil(
      'read models are level with the log',
      async () =>
        (await ask(system.someApi(), { token: tokens.auditor, path }).catch(() => undefined))?.status === 200,
    )
    await lookUntil('the topic is level with the log', async () => {
      const states = await Promise.all(system.of('publisher').map(publishing))
      return states.some(({ state, lag }) => state === 'following' && lag === 0)
    })
    await lookUntil('all are ready', allReady).catch(async (error) => {
      await tellReadiness()
      throw error
    })
    return performance.now() - start
  }

  const allReady = async () =>
    (await Promise.all(system.processes.map(([one]) => isReady(one)))).every(Boolean)

  /** Whether every process of these roles is as ready as expected. Publishers may be either: one that stands by need not notice. */
  async function readyAre(expected: Readonly<Record<'api' | 'projector', boolean>>): Promise<boolean> {
    const fitting = (['api', 'projector'] as const).flatMap((role) =>
      system.of(role).map(async (one) => (await isReady(one)) === expected[role]),
    )
    return (await Promise.all(fitting)).every(Boolean)
  }

  /** What each process lacks, and what it wrote. */
  async function tellReadiness(): Promise<void> {
    for (const [one, role] of system.processes) {
      const readiness = await fetch(`${one.url}/health/ready`).then((answer) => answer.text(), String)
      report(`${role}: ${readiness}\n${one.output()}`)
    }
  }

  async function isReady({ url }: ServerProcess): Promise<boolean> {
    return (await fetch(`${url}/health/ready`).catch(() => undefined))?.status === 200
  }

  /** State and lag of a publisher, from its metrics. */
  async function publishing({ url }: ServerProcess): Promise<{ state?: string; lag?: number }> {
    const text = await fetch(`${url}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    )
    const state = /ledgerdesk_publisher_state\{[^}]*state="([^"]+)"\} 1/.exec(text)?.[1]
    const lag = /ledgerdesk_publisher_lag_seconds\{[^}]*\} (\S+)/.exec(text)?.[1]
    return { state, lag: lag === undefined ? undefined : Number(lag) }
  }

  it('works at all: one publisher of two publishes, the other stands by', async () => {
    await underLoad(async () => {
      await lookUntil('twenty are done', async () => answered(workload.attempts) >= 20)
    })
    await untilLevel()
    await lookUntil('one publishes, the other stands by', async () => {
      const states = await Promise.all(system.of('publisher').map(publishing))
      const told = states.map(({ state }) => state)
      return told.includes('following') && told.includes('standby')
    })
    const { wrong, repetitions, expected } = await system.topicTally()
    expect({ wrong, repetitions }).toEqual({ wrong: [], repetitions: 0 })
    expect(expected).toBeGreaterThanOrEqual(20)
  })

  describe.each(servers)('when the %s', (name) => {
    it.each(['is killed', 'is frozen', 'is restarted'] as const)('%s, all goes on', async (fault) => {
      const server = system[name]
      let asked = 0
      let done = 0
      const attempts = await underLoad(async () => {
        await sleep(1_000)
        const before = workload.attempts.length
        if (fault === 'is killed') await server.kill()
        else if (fault === 'is restarted') await server.shutDown()
        else server.signal('SIGSTOP')
        await sleep(fault === 'is restarted' ? 500 : OUTAGE_MS)
        const meanwhile = () => workload.attempts.slice(before)
        try {
          // Commands need the log only
          if (name !== 'eventStore' && fault !== 'is restarted')
            await lookUntil('some are done meanwhile', async () => answered(meanwhile()) > 0)
          asked = meanwhile().length
          done = answered(meanwhile())
          if (fault !== 'is restarted')
            await lookUntil('those are ready that can serve', () => readyAre(READY_WITHOUT[name]))
        } finally {
          if (fault === 'is frozen') server.signal('SIGCONT')
          else await server.startAgain()
        }
        await sleep(2_000)
      })
      cuts += name === 'readStore' ? 0 : 1
      const level = await untilLevel()
      report(
        `${name} ${fault}: ${attempts.length} requests, ${answered(attempts)} done, ${done} of ` +
          `${asked} while it was away; level ${Math.round(level)} ms later`,
      )
      expect(answered(attempts)).toBeGreaterThan(0)
      expect(brokenPromises(workload.attempts, await system.events())).toEqual([])
    })
  })

  if (processes) {
    it(`goes on when ${KILLS} processes are killed at random`, async () => {
      const killed: Record<Role, number> = { api: 0, projector: 0, publisher: 0 }
      const attempts = await underLoad(async () => {
        for (let kill = 0; kill < KILLS; kill++) {
          await sleep(200 + random() * 1_500)
          const candidates = system.processes
          const [victim, role] = candidates[Math.floor(random() * candidates.length)]!
          await victim.kill()
          killed[role]++
          if (role === 'publisher') cuts++
          const heir = system.launch(role)
          // Now and then it is killed while it starts.
          if (random() < 0.8) await Promise.race([heir.serving, heir.exited])
        }
      })
      await Promise.all(system.processes.map(([one]) => one.serving))
      const level = await untilLevel()
      report(
        `${JSON.stringify(killed)} killed: ${attempts.length} requests, ${answered(attempts)} done; ` +
          `level ${Math.round(level)} ms later`,
      )
      expect(answered(attempts)).toBeGreaterThan(KILLS)
      expect(brokenPromises(workload.attempts, await system.events())).toEqual([])
    })

    it('goes on when a third projector and a third publisher are started by mistake, and ended', async () => {
      const strangers = [system.launch('projector'), system.launch('publisher')]
      await underLoad(async () => {
        await Promise.all(strangers.map(({ serving }) => serving))
        await sleep(2_000)
        expect((await publishing(strangers[1]!)).state).toBe('standby')
      })
      expect(await Promise.all(strangers.map((stranger) => stranger.stop()))).toEqual([0, 0])
      await untilLevel()
    })
  }

  describe('in the end', () => {
    let events: readonly RecordedEvent[]
    let incremental: Contents
    beforeAll(async () => {
      await untilLevel()
      events = await system.events()
    })

    it('no acknowledged command is lost, and none was done twice', async () => {
      expect(brokenPromises(workload.attempts, events)).toEqual([])
      const wrong = await brokenRepeats(system.someApi(), workload.attempts)
      expect(wrong.slice(0, 5)).toEqual([])
      events = await system.events()
      expect(brokenPromises(workload.attempts, events)).toEqual([])
      await untilLevel()
    })

    it('the topic has everything, each key in the order of the log, with few repetitions', async () => {
      const { wrong, repetitions, expected, messages } = await system.topicTally()
      report(
        `topic: ${expected} events, ${messages} messages, ${repetitions} repetitions after ${cuts} interruptions; ` +
          `${wrong.length} lost or out of order`,
      )
      expect(wrong).toEqual([])
      expect(repetitions).toBeLessThanOrEqual(cuts * BATCH)
    })

    it('the read models equal a fresh rebuild', async () => {
      await system.withLog((log) =>
        system.withReadModels(async (readModels) => {
          await untilAllLevel(log, readModels)
          expect(await foreignCheckpoints(readModels, log)).toEqual([])
          incremental = await contentsOf(readModels)
          const different = differences(incremental, await rebuiltContents(log))
          report(`read models: ${incremental.size} documents, ${different.length} differ from a rebuild`)
          expect(different.slice(0, 5)).toEqual([])
        }),
      )
    })

    it('a planted loss, disorder or difference would be found (counter-proof)', async () => {
      const told = workload.attempts.find(
        ({ answer, items }) => answer && answer.status < 300 && items === undefined,
      )!
      const position = (told.answer!.body as { position: string }).position
      const without = events.filter((event) => event.position !== position)
      expect(brokenPromises(workload.attempts, without)).toHaveLength(1)

      const expected = await system.expectedOnTopic()
      const partitions = await system.onTopic()
      const fullest = partitions.toSorted((a, b) => b.length - a.length)[0]!
      const [first] = fullest
      const rest = partitions.map((messages) => messages.filter(({ id }) => id !== first!.id))
      expect(tallyTopic(expected, rest).wrong).toEqual([`lacks ${first!.key} at ${first!.position}`])
      const late = partitions.map((messages) =>
        messages === fullest ? [...messages.filter(({ id }) => id !== first!.id), first!] : messages,
      )
      expect(tallyTopic(expected, late).wrong).toEqual([`disorder in ${first!.key}`])

      const [key, document] = [...incremental][0]!
      const altered = new Map(incremental).set(key, `${document} `)
      expect(differences(altered, incremental)).toHaveLength(1)
    })

    it('nobody waited for an answer for ever', () => {
      const longest = Math.max(...workload.attempts.map(({ milliseconds = 0 }) => milliseconds))
      report(`${workload.attempts.length} requests, the longest took ${Math.round(longest)} ms`)
      expect(longest).toBeLessThan(LONGEST_ANSWER_MS)
    })
  })
}
