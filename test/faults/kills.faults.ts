import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonCodec } from '#libs/event-sourcing'
import { checkLog } from '#libs/event-store/sqlite'
import { randomNumbers } from '#libs/random-numbers'
import { projectionRegistry } from '#projections/registry'
import { eventually } from '../../libs/testing/eventually.js'
import { eventUpcasters } from '../../src/event-catalog.js'
import { dataPaths } from '../../src/runtime/stores.js'
import { ask } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, registerGroup, type Tokens } from './server/people.js'
import { brokenPromises, brokenRepeats } from './server/promises.js'
import {
  contentsOf,
  differences,
  foreignCheckpoints,
  rebuiltContents,
  untilAllLevel,
} from './server/read-models.js'
import { Workload } from './server/workload.js'

/**
 * A killed server. The page cache outlives a process, so this proves nothing about the disk (the power-loss test does),
 * but everything about what is kept in memory and what is said too early.
 */
const KILLS = Number(process.env.FAULT_KILLS ?? (process.env.CI === 'true' ? 5 : 50))
const SEED = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31))
const CLIENTS = 24
/** Milliseconds of load before the kill. */
const LOAD = { least: 100, most: 1_500 }
/** Every so many kills, the next start is killed as well. */
const KILL_START_EVERY = 4
/** Leases last 5 s; whoever has to wait for one takes longer than this to be level, each time. Milliseconds after serving. */
const LEVEL_WITHIN = 3_000

// A kill takes 2 s on a quiet machine; a busy one must not fail for being busy.
jest.setTimeout(60_000 + KILLS * 60_000)

describe(`a server that is killed ${KILLS} times under load (seed ${SEED})`, () => {
  const random = randomNumbers(SEED)
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  const levelAfter: number[] = []
  let tokens: Tokens
  let workload: Workload
  let server: ServerProcess
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  async function killUnderLoad(): Promise<void> {
    const stop = new AbortController()
    const load = workload.run(server.url, CLIENTS, stop.signal)
    await sleep(LOAD.least + random() * (LOAD.most - LOAD.least))
    await server.kill()
    stop.abort()
    await load
  }

  async function restart(kill: number): Promise<void> {
    if (kill % KILL_START_EVERY === 0) {
      const stillborn = ledgerdesk.launch(folder.path)
      await sleep(random() * 1_500)
      await stillborn.kill()
    }
    server = await ledgerdesk.serve(folder.path)
  }

  /** How long until the read models have everything, which needs the dead server's leases. */
  async function untilLevel(): Promise<number> {
    const start = performance.now()
    const minPosition = await folder.withLog((store) => store.head())
    const path = `/queues?minPosition=${minPosition}`
    const level = async () => (await ask(server.url, { token: tokens.auditor, path })).status === 200
    await eventually('level with the log', level, 30_000)
    return performance.now() - start
  }

  async function wrongAfterKill(attempts: Workload['attempts']): Promise<string[]> {
    const checkpoints = await folder.withLog((log) =>
      folder.withReadModels((readModels) => foreignCheckpoints(readModels, log)),
    )
    const findings = await checkLog(dataPaths({ dataDir: folder.path }).log, jsonCodec(eventUpcasters))
    return [
      ...checkpoints,
      ...findings.map(({ message }) => message),
      ...brokenPromises(attempts, await folder.events()),
    ]
  }

  it('has all that a client was told, and does nothing twice', async () => {
    tokens = await issueTokens(folder.path)
    workload = new Workload(tokens.agents, random)
    server = await ledgerdesk.serve(folder.path)
    await registerGroup(server, tokens)
    let repeated = 0
    for (let kill = 1; kill <= KILLS; kill++) {
      const { length } = workload.attempts
      await killUnderLoad()
      const wrong = await wrongAfterKill(workload.attempts)
      await restart(kill)
      levelAfter.push(await untilLevel())
      const fresh = workload.attempts.slice(length)
      repeated += fresh.filter(({ keyed }) => keyed).length
      wrong.push(...(await brokenRepeats(server.url, fresh)))
      expect({ seed: SEED, kill, wrong }).toEqual({ seed: SEED, kill, wrong: [] })
    }
    const events = await folder.events()
    expect(brokenPromises(workload.attempts, events)).toEqual([])
    report({ repeated, events: events.length })
    // The load was one: many were answered, some were cut off in every run.
    expect(workload.attempts.filter(({ answer }) => answer).length).toBeGreaterThan(KILLS * 5)
    expect(repeated).toBeGreaterThan(KILLS * 5)
  })

  function report({ repeated, events }: { repeated: number; events: number }): void {
    const sorted = levelAfter.toSorted((a, b) => a - b)
    const [median, most] = [sorted[sorted.length >> 1]!, sorted.at(-1)!].map(Math.round)
    process.stdout.write(
      `${KILLS} kills, ${workload.attempts.length} requests, ${repeated} repeated, ${events} events; ` +
        `read models level after ${median} ms (median), ${most} ms (most)\n`,
    )
  }

  it('starts without waiting for the leases of the dead', () => {
    // A busy machine makes some late, a lease would make all
    const sorted = levelAfter.toSorted((a, b) => a - b)
    expect(sorted[sorted.length >> 1]).toBeLessThan(LEVEL_WITHIN)
  })

  it('has read models that equal a rebuild', async () => {
    await folder.withLog((log) => folder.withReadModels((readModels) => untilAllLevel(log, readModels)))
    await server.stop()
    await folder.withLog(async (log) => {
      await folder.withReadModels(async (readModels) => {
        const head = await log.head()
        const live = (await readModels.builds()).filter(({ projection }) => !projection.startsWith('policy_'))
        expect(live.map(({ checkpoint }) => checkpoint?.position)).toEqual(projectionRegistry.map(() => head))
        expect(await foreignCheckpoints(readModels, log)).toEqual([])

        const incremental = await contentsOf(readModels)
        expect(incremental.size).toBeGreaterThan(workload.known.length * 3)
        expect(differences(incremental, await rebuiltContents(log)).slice(0, 5)).toEqual([])
      })
    })
  })

  it('passes the check of the command line', async () => {
    const { code, stdout } = await ledgerdesk.run(folder.path, 'check')
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('is sound') })
  })
})
