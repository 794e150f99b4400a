import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { LOG_START } from '#libs/event-sourcing'
import { checkLog, openSqliteEventStore } from '#libs/event-store/sqlite'
import { randomNumbers } from '#libs/random-numbers'
import type { Acknowledgement, AppendLoad } from '../../../libs/testing/append-load.js'
import { compiledAppendLoad } from '../../../libs/testing/compiled-copy.js'
import { Disk } from './disk.js'
import { type FileOperation, parseTrace, STRACE_OPTIONS } from './system-calls.js'

/**
 * Power loss. A load program runs under strace(1); then, for many moments of its run, the files are rebuilt as the disk
 * may hold them after the power failed at that moment: all that was synced, and any part of what was not. The store
 * opens each of them. A killed process would prove nothing: the page cache outlives it.
 */
const SEED = Number(process.env.POWER_LOSS_SEED ?? 20260131)
/** Enough writes for several checkpoints of the WAL (one per 1,000 pages). */
const LOAD = { prefix: 'incident-', appends: 2_000, concurrency: 12, textLength: 300, writeBackMs: 200 }

/** Moments, as numbers of operations that had happened; `afterAcknowledgement` right after a client was told. */
const MOMENTS = { anywhere: 60, afterAcknowledgement: 60, atBirth: 30 }

describe('after a power failure', () => {
  let compiled: ReturnType<typeof compiledAppendLoad>
  let folder: string
  beforeAll(() => {
    compiled = compiledAppendLoad()
  })
  afterAll(() => compiled.dispose())
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'ledgerdesk-power-')))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function record(unsafeSynchronous?: AppendLoad['unsafeSynchronous']): FileOperation[] {
    const logFolder = join(folder, 'log')
    const load: AppendLoad = { ...LOAD, file: join(logFolder, 'log.sqlite'), unsafeSynchronous }
    const trace = join(folder, 'trace')
    const { program } = compiled
    mkdirSync(logFolder)
    execFileSync(
      'strace',
      [...STRACE_OPTIONS, '-o', trace, process.execPath, program, JSON.stringify(load)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        maxBuffer: 1e8,
      },
    )
    return parseTrace(readFileSync(trace, 'latin1'), logFolder)
  }

  /** What is wrong after a power failure at each of the moments. */
  async function outcomes(
    operations: readonly FileOperation[],
  ): Promise<{ moment: number; wrong: string[] }[]> {
    const random = randomNumbers(SEED)
    const disk = new Disk(join(folder, 'log'))
    const acknowledged: Acknowledgement[] = []
    const found: { moment: number; wrong: string[] }[] = []
    let done = 0
    for (const moment of moments(operations, random)) {
      for (; done < moment; done++) {
        const operation = operations[done]!
        disk.apply(operation)
        if (operation.kind === 'output') acknowledged.push(...acknowledgements(operation.text))
      }
      found.push({ moment, wrong: await inspect(disk.afterPowerLoss(random), acknowledged) })
    }
    return found
  }

  /** Opens the files as a restarted server would. */
  async function inspect(files: Map<string, Buffer>, acknowledged: Acknowledgement[]): Promise<string[]> {
    const restarted = mkdtempSync(join(folder, 'restarted-'))
    const file = join(restarted, 'log.sqlite')
    for (const [path, content] of files) writeFileSync(join(restarted, basename(path)), content)
    try {
      // This copy is only looked at, so it need not be synced.
      const store = await openSqliteEventStore({ file, unsafeSynchronous: 'OFF' })
      const { events } = await store.readAll({ after: LOG_START, limit: 1_000_000 })
      await store.close()
      const ids = new Map(events.map(({ position, id }) => [position, id]))
      const lost = acknowledged.filter(({ position, id }) => ids.get(position!) !== id)
      const findings = await checkLog(file)
      return [...lost.map(({ stream }) => `lost ${stream}`), ...findings.map(({ message }) => message)]
    } catch (error) {
      return [`cannot be opened: ${(error as Error).message}`]
    } finally {
      rmSync(restarted, { recursive: true, force: true })
    }
  }

  it('nothing acknowledged is missing and the log is sound', async () => {
    const operations = record()
    const count = (kind: FileOperation['kind'], end: string) =>
      operations.filter((one) => one.kind === kind && 'path' in one && one.path.endsWith(end)).length
    // The record holds what it is meant to: group commits, each with its sync, and several checkpoints.
    expect(count('sync', '-wal')).toBeGreaterThan(200)
    expect(count('sync', '.sqlite')).toBeGreaterThanOrEqual(3)

    const found = await outcomes(operations)
    expect(found.length).toBeGreaterThanOrEqual(120)
    expect({ seed: SEED, wrong: found.filter(({ wrong }) => wrong.length > 0) }).toEqual({
      seed: SEED,
      wrong: [],
    })
  })

  it.each(['NORMAL', 'OFF'] as const)(
    'events are missing with synchronous = %s, so this test can fail',
    async (level) => {
      const found = await outcomes(record(level))
      const losses = found.filter(({ wrong }) =>
        wrong.some((what) => /^lost|^cannot be opened|no event between/.test(what)),
      )
      expect(losses.length).toBeGreaterThan(found.length / 4)
    },
  )
})

/** When the power fails, in rising order. */
function moments(operations: readonly FileOperation[], random: () => number): number[] {
  const told = operations.flatMap(({ kind }, n) => (kind === 'output' ? [n + 1] : []))
  const any = (from: number, to: number) => from + Math.floor(random() * (to - from))
  const birth = told[0]!
  return [
    ...Array.from({ length: MOMENTS.anywhere }, () => any(birth, operations.length)),
    ...Array.from({ length: MOMENTS.afterAcknowledgement }, () => told[any(0, told.length)]!),
    ...Array.from({ length: MOMENTS.atBirth }, () => any(0, birth)),
  ].sort((a, b) => a - b)
}

function acknowledgements(text: string): Acknowledgement[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
