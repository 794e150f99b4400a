import { createWriteStream, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Command } from 'commander'
import { openGridfsBlobStore } from '#libs/blob-store/gridfs'
import { syncPath } from '#libs/durable-files'
import { type Position, toPosition } from '#libs/event-sourcing'
import { ConfigurationError, readConfiguration } from '#libs/platform/configuration'
import { policyBuildName } from '#libs/projections-runtime'
import { giveUp, type MigrationProgress, type MigrationReport, migrate } from '../migration/migrate.js'
import { dataPaths, openEventStore, openReadStore, pageTokenKey, storeSettings } from '../runtime/stores.js'
import { interruptible } from './interruptible.js'
import { print } from './output.js'
import { Progress } from './progress.js'

/** Where no terminal shows a bar, a line is written so often. */
const TELL_EVERY_MS = 10_000

export function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      'Move the log of LEDGERDESK_DATA_DIR with its attachments to LEDGERDESK_EVENTSTORE_URL and LEDGERDESK_MONGODB_URL; ' +
        'the server may run until the log is sealed at the end. Started again, it goes on where it stopped',
    )
    .option('--give-up', 'open the old log again instead; only while the copy is not complete')
    .option('--positions <file>', 'where to write earlier and current positions; default: in the data folder')
    .action(async (options: { positions?: string; giveUp?: boolean }) => {
      const configuration = readConfiguration(process.env)
      const { dataDir, namespace, eventstoreUrl, mongodbUrl } = configuration
      if (eventstoreUrl === undefined || mongodbUrl === undefined) {
        throw new ConfigurationError([
          'LEDGERDESK_EVENTSTORE_URL and LEDGERDESK_MONGODB_URL: migrate needs both, as where to',
        ])
      }
      const stores = await storeSettings(configuration)
      // Whoever mistypes the folder is told before a server is asked.
      await (await openEventStore({ dataDir }, { readOnly: true })).close()
      const paths = dataPaths({ dataDir })
      const blobs = openGridfsBlobStore({ url: mongodbUrl, namespace })
      const progress = new MigrationDisplay()
      const move = async (signal: AbortSignal) => {
        const report = await migrate({
          from: { ...paths, handledUpTo: (stream) => handledUpTo(dataDir, stream) },
          to: { url: eventstoreUrl, namespace, blobs },
          signal,
          onProgress: (now) => progress.show(now),
          // Servers make one of their own when there is none; what was refused leaves none behind.
          beforeOpening: async () => void (await pageTokenKey(stores)),
        })
        progress.end()
        const file = options.positions ?? join(dataDir, 'migrated-positions.csv.gz')
        await writePositions(file, report.positions)
        tell(report, file)
        process.exitCode = report.findings.length + report.attachments.damaged.length === 0 ? 0 : 1
      }
      try {
        if (options.giveUp) {
          await giveUp({ from: paths, to: { url: eventstoreUrl, namespace, blobs } })
          print(`the log in ${dataDir} is open again`)
          return
        }
        if (await interruptible(move)) return
        console.error('Interrupted. What was copied stays; run "ledgerdesk migrate" again to go on')
        process.exitCode = 1
      } finally {
        progress.end()
        await blobs.close()
      }
    })
}

/** Up to where a policy of the data folder has sent its commands; `stream` is where the log keeps its start. */
async function handledUpTo(dataDir: string, stream: string): Promise<Position | undefined> {
  if (!existsSync(dataPaths({ dataDir }).readModels)) return undefined
  const readStore = await openReadStore({ dataDir }, { readOnly: true })
  try {
    const builds = await readStore.builds()
    const projection = policyBuildName({ name: stream.slice('policy-'.length) })
    return builds.find((build) => build.projection === projection && build.status === 'live')?.checkpoint
      ?.position
  } finally {
    await readStore.close()
  }
}

function tell(
  { logId, events, streams, digest, attachments, findings, repeated }: MigrationReport,
  file: string,
) {
  const did = repeated ? 'was migrated before and has been compared again' : 'is migrated'
  print(`log ${logId} ${did}`)
  if (findings.length === 0)
    print(
      `equal: ${events} events, their order, and all ${streams} streams; SHA-256 of the streams' digests ${digest}`,
    )
  for (const finding of findings) print(`NOT EQUAL: ${finding}`)
  print(`${attachments.blobs - attachments.damaged.length} of ${attachments.blobs} attachments are there`)
  for (const hash of attachments.damaged)
    print(`DAMAGED in the data folder, so not copied: attachment ${hash}`)
  print(`earlier and current positions: ${file}; the servers know them from the log itself`)
}

/** One line for each event: its position in the data folder, and on the server. */
async function writePositions(file: string, positions: readonly Position[]): Promise<void> {
  const unfinished = `${file}.unfinished`
  const lines = function* () {
    yield 'earlier,current\n'
    for (const [index, position] of positions.entries()) yield `${toPosition(index + 1)},${position}\n`
  }
  await pipeline(Readable.from(lines()), createGzip(), createWriteStream(unfinished, { flush: true }))
  renameSync(unfinished, file)
  syncPath(file)
}

/** A bar for each step on a terminal; elsewhere a line now and then. */
class MigrationDisplay {
  #step: string | undefined
  #bar: Progress | undefined
  #began = 0
  #first = 0
  #toldAt = Date.now()

  show({ step, done, of }: MigrationProgress): void {
    if (step !== this.#step) {
      this.end()
      this.#step = step
      this.#bar = new Progress(step, step === 'comparing streams' ? 'streams' : 'events')
      this.#began = performance.now()
      this.#first = done
    }
    const perSecond = ((done - this.#first) * 1_000) / Math.max(1, performance.now() - this.#began)
    const secondsLeft = perSecond > 0 ? (of - done) / perSecond : undefined
    this.#bar!.show(done / of, done, perSecond, secondsLeft)
    if (process.stderr.isTTY || Date.now() - this.#toldAt < TELL_EVERY_MS) return
    this.#toldAt = Date.now()
    const left = secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`
    console.error(`${step}: ${done} of ${of}, ${Math.round(perSecond)}/s${left}`)
  }

  end(): void {
    this.#bar?.end()
    this.#bar = undefined
  }
}
