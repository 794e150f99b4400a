import { mkdirSync, rmSync } from 'node:fs'
import type { RecordedEvent } from '#libs/event-sourcing'
import { collectionSchemas, systemClock } from '#libs/projections-runtime'
import type { ProjectionReader, ProjectionWriter, ReadStore } from '#libs/read-store'
import { InMemoryReadStore } from '#libs/testing'
import { type CorrelatedIncident, INCIDENTS } from '#projections/problem-correlation/linking'
import { problemCorrelation } from '#projections/problem-correlation/problem-correlation'
import { type Load, mostSimilar } from '#projections/problem-correlation/similar'
import { parkedSchema } from '../../libs/projections-runtime/parking.js'
import { ViewFeed } from '../../libs/projections-runtime/view-feed.js'
import { openReadStore } from '../../src/runtime/stores.js'
import { FIRST_NUMBER, openingBody, openingEvents, seeded, stored, uuid } from './opening.js'
import { answer, input } from './programs.js'
import { percentile } from './statistics.js'

/** A program: folds made-up incidents, three events each, into the view of problem correlation alone. */
export interface FoldCorrelation {
  /** Incidents after which it tells what the last stretch took, ascending. */
  sizes: readonly number[]
  seed: number
  /** Events in one batch. */
  batch: number
  /** Where the read store is made; absent: in memory. */
  folder?: string
}

/** From the size before up to this one. */
export interface Stretch {
  incidents: number
  /** By the clock, and of the processor, which does not count what else the machine does. */
  incidentsPerSecond: number
  incidentsPerProcessorSecond: number
  /** The same if nothing had to be done but to hand its documents to the store: the limit. */
  incidentsPerProcessorSecondOfWriting: number
  /** Documents handed to the store for each incident. */
  rowsPerIncident: number
  /** Of the process, at the end of it. */
  residentMegabytes: number
  /** Milliseconds to find what is similar to an incident, all read from the store, one after another; without the records shown. */
  similarP50: number
  similarP99: number
}

const ITEMS = 5_000
const LOCATIONS = 200
const SYMPTOMS = 40
const START = Date.parse('2026-01-01T00:00:00Z')

/** Incidents as of the other sections, with an item, a symptom and a location. */
function* incidents(seed: number): Generator<RecordedEvent[]> {
  const random = seeded(seed)
  const newId = () => uuid(random)
  let position = 0
  for (let n = 0; ; n++) {
    const [opened, ...others] = openingEvents(openingBody(random))
    const more = {
      primaryCi: `CI${random() % ITEMS}`,
      symptom: `symptom-${random() % SYMPTOMS}`,
      location: `location-${random() % LOCATIONS}`,
      openedBy: `person-${random() % LOCATIONS}`,
    }
    const events = [{ ...opened, data: { ...opened?.data, ...more } }, ...others]
    const occurredAt = new Date(START + n * 10_000).toISOString()
    yield stored(events as typeof others, { commandId: newId(), occurredAt, newId }).map((event) => ({
      ...event,
      stream: `incident-INC${FIRST_NUMBER + n}`,
      position: String(++position).padStart(20, '0'),
    })) as unknown as RecordedEvent[]
  }
}

async function fold({ sizes, seed, batch, folder }: FoldCorrelation): Promise<Stretch[]> {
  if (folder !== undefined) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }
  const store: ReadStore =
    folder === undefined ? new InMemoryReadStore() : await openReadStore({ dataDir: folder })
  const { name: projection, version } = problemCorrelation
  const schemas = [...collectionSchemas(problemCorrelation), parkedSchema]
  const build = await store.createBuild({ projection, version }, schemas)
  const writer = await store.openForWriting(build, {
    owner: 'bench',
    leaseMilliseconds: 3_600_000,
    bulkLoad: true,
  })
  let [rows, writing] = [0, 0]
  const counting = new Proxy(writer, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'commit') return value.bind(target)
      return async (...args: Parameters<ProjectionWriter['commit']>) => {
        rows += args[0].length
        const used = process.cpuUsage()
        await target.commit(...args)
        writing += microsecondsSince(used)
      }
    },
  })
  const options = { logId: 'bench', clock: systemClock, cacheDocuments: 10_000, building: true }
  const feed = await ViewFeed.open(problemCorrelation, counting, options)
  const source = incidents(seed)
  const stretches: Stretch[] = []
  let count = 0
  for (const size of sizes) {
    let [milliseconds, microseconds, before] = [0, 0, count]
    rows = 0
    writing = 0
    while (count < size) {
      const events: RecordedEvent[] = []
      for (; events.length < batch && count < size; count++) events.push(...(source.next().value ?? []))
      const [started, used] = [performance.now(), process.cpuUsage()]
      await feed.handle(events, events.at(-1)?.position as string)
      microseconds += microsecondsSince(used)
      milliseconds += performance.now() - started
    }
    const folded = count - before
    before = count
    const { p50, p99 } = await askSimilar(writer, size)
    const stretch: Stretch = {
      incidents: size,
      incidentsPerSecond: folded / (milliseconds / 1_000),
      incidentsPerProcessorSecond: folded / (microseconds / 1e6),
      incidentsPerProcessorSecondOfWriting: folded / (writing / 1e6),
      rowsPerIncident: rows / folded,
      residentMegabytes: process.memoryUsage().rss / 1e6,
      similarP50: p50,
      similarP99: p99,
    }
    console.error(
      `  up to ${size}: ${Math.round(stretch.incidentsPerProcessorSecond)} incidents per second of processor time`,
    )
    stretches.push(stretch)
  }
  await store.close()
  return stretches
}

function microsecondsSince(used: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(used)
  return user + system
}

const ASKED = 500

/** Asks of incidents of every age what is similar, as `GET /incidents/{number}/similar` does. */
async function askSimilar(reader: ProjectionReader, incidents: number) {
  const random = seeded(incidents)
  const load: Load = async (reads) => {
    const documents = new Map<string, unknown>()
    for (const { collection, ids } of reads)
      for (const [id, { document }] of await reader.getMany(collection, ids))
        documents.set(`${collection}/${id}`, document)
    return <Document extends object>(collection: string, id: string) =>
      documents.get(`${collection}/${id}`) as Document | undefined
  }
  const times: number[] = []
  for (let n = 0; n < ASKED; n++) {
    const started = performance.now()
    const number = `INC${FIRST_NUMBER + (random() % incidents)}`
    const asked = await reader.get<CorrelatedIncident>(INCIDENTS, number)
    if (asked === undefined) throw new Error(`${number} is not in the view`)
    const best = await mostSimilar(asked.document, load, 100)
    await reader.getMany(
      INCIDENTS,
      best.map((other) => other.number),
    )
    times.push(performance.now() - started)
  }
  return { p50: percentile(times, 50), p99: percentile(times, 99) }
}

await answer(await fold(input<FoldCorrelation>()))
