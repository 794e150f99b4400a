import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client'
import { MongoClient } from 'mongodb'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { openGridfsBlobStore } from '#libs/blob-store/gridfs'
import { openSqliteEventStore } from '#libs/event-store/sqlite'
import { databaseName } from '#libs/mongodb'
import { randomNumbers } from '#libs/random-numbers'
import { openMongodbReadStore } from '#libs/read-store/mongodb'
import { appendEvents } from '../../libs/testing/index.js'
import { mongodbServers } from '../../libs/testing/mongodb-servers.js'
import { type Deployment, deploy } from '../servers/deployment.js'

const CLI = resolve(__dirname, '../../dist/src/cli.js')
const SAMPLE = join(__dirname, '../data/servicenow-incidents-sample.csv.gz')
const ROWS = 250
const KILLS = 5
const SEED = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31))

type Environment = Readonly<Record<string, string>>

function start(environment: Environment, args: readonly string[]): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LEDGERDESK_'))
  const env = { ...Object.fromEntries(inherited), ...environment }
  return spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function run(environment: Environment, ...args: string[]) {
  const child = start(environment, args)
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ])
  return { code: code as number | null, output, errors }
}

/** Looks from outside at how far a copy has come. */
function newestEventOf({ LEDGERDESK_EVENTSTORE_URL, LEDGERDESK_NAMESPACE }: Environment) {
  const client = EventStoreDBClient.connectionString(LEDGERDESK_EVENTSTORE_URL!)
  const position = async () => {
    const newest = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 100 })
    const events = (await newest.toArray()).map(({ event }) => event)
    return events.find((event) => event?.streamId.startsWith(LEDGERDESK_NAMESPACE!))?.position.commit
  }
  return {
    position,
    /** Ends when there is a newer event than that one. */
    async after(found: bigint | undefined) {
      while ((await position()) === found) await sleep(2)
    },
    close: () => client.dispose(),
  }
}

// With a server it takes a minute on a busy machine.
jest.setTimeout(300_000)

const withServer = mongodbServers().length > 0 ? describe : describe.skip
withServer('ledgerdesk migrate (skipped without MONGODB_URL or MONGODB_PROTOCOL_URL)', () => {
  let dataDir: string
  let deployment: Deployment
  let embedded: Environment
  let servers: Environment
  let hash: string
  const pageKey = Buffer.alloc(32, 'page tokens')
  /** What the program takes to start here and now. */
  let startMs = 0

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-migrate-'))
    embedded = { LEDGERDESK_DATA_DIR: dataDir }
    const rows = gunzipSync(readFileSync(SAMPLE)).toString().split('\n').slice(0, ROWS)
    const file = join(dataDir, 'sample.csv')
    writeFileSync(file, rows.join('\n'))
    const { code, errors } = await run(embedded, 'import', file)
    if (code !== 0) throw new Error(errors)
    const blobs = openFolderBlobStore(join(dataDir, 'blobs'))
    const blob = await blobs.put(Readable.from([Buffer.from('a screenshot')]), 1_000)
    hash = blob.hash
    const log = await openSqliteEventStore({ file: join(dataDir, 'log.db') })
    await appendEvents(log, 'mail-1', [{ type: 'MailReceived', data: blob }])
    await log.close()
    writeFileSync(join(dataDir, 'page-token.key'), pageKey)
    deployment = await deploy('scale-out')
    servers = { ...deployment.environment, ...embedded }
  })
  afterAll(async () => {
    await deployment?.dispose()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const exported = async (environment: Environment, ...args: string[]) => {
    const { output } = await run(environment, 'events', 'export', ...args)
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; sequence: string })
  }

  it('asks for both servers', async () => {
    const began = Date.now()
    const { code, errors } = await run(embedded, 'migrate')
    startMs = Date.now() - began
    expect(code).toBe(78)
    expect(errors).toContain('LEDGERDESK_EVENTSTORE_URL and LEDGERDESK_MONGODB_URL')
  })

  it(`comes to its end however often it is killed (seed ${SEED}), and what was exported before goes on where it was`, async () => {
    const random = randomNumbers(SEED)
    const before = await exported(embedded)
    const target = newestEventOf(servers)
    let kills = 0
    for (; kills < KILLS; kills++) {
      const found = await target.position()
      const child = start(servers, ['migrate'])
      const ended = once(child, 'close')
      // The first while it copies, the others wherever it is
      const killed = kills === 0 ? target.after(found) : sleep(startMs * (0.7 + random()))
      await Promise.race([killed, ended])
      child.kill('SIGKILL')
      await ended
      if (child.exitCode === 0) break
    }
    await target.close()
    const { code, output } = await run(servers, 'migrate')
    expect(code).toBe(0)
    expect(output).toContain(`equal: ${before.length} events, their order, and all`)
    expect(output).toContain('1 of 1 attachments are there')
    expect(kills).toBeGreaterThan(0)

    const after = await exported(servers)
    const told = ({ sequence: _, ...event }: { sequence: string }) => event
    expect(after.map(told)).toEqual(before.map(told))
    const middle = before[Math.floor(before.length / 2)]!.sequence
    const rest = await exported(servers, '--after', middle)
    expect(rest.map(({ id }) => id)).toEqual(
      (await exported(embedded, '--after', middle)).map(({ id }) => id),
    )

    const lines = gunzipSync(readFileSync(join(dataDir, 'migrated-positions.csv.gz')))
      .toString()
      .trim()
      .split('\n')
    const columns = before.map(({ sequence }, index) => `${sequence},${after[index]!.sequence}`)
    expect(lines).toEqual(['earlier,current', ...columns])
  })

  it('has copied the attachments', async () => {
    const { LEDGERDESK_MONGODB_URL: url = '', LEDGERDESK_NAMESPACE: namespace = '' } = servers
    const blobs = openGridfsBlobStore({ url, namespace })
    expect(await text(await blobs.get(hash))).toBe('a screenshot')
    await blobs.close()
  })

  it('is sound with its attachments, until one is damaged', async () => {
    expect(await run(servers, 'check')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/ is sound\nattachments that the log names: 1, all whole\n$/),
    })
    const { LEDGERDESK_MONGODB_URL: url = '', LEDGERDESK_NAMESPACE: namespace = '' } = servers
    const client = new MongoClient(url)
    const chunks = client.db(databaseName(namespace)).collection('blobs.chunks')
    const chunk = await chunks.findOneAndUpdate({}, { $set: { data: Buffer.from('a screensh0t') } })
    try {
      expect(await run(servers, 'check')).toMatchObject({
        code: 1,
        output: expect.stringContaining(`ATTACHMENT.DAMAGED: stream mail-1 names ${hash}`),
      })
    } finally {
      await chunks.replaceOne({ _id: chunk!._id }, chunk!)
      await client.close()
    }
  })

  it('has taken the key of page tokens along', async () => {
    const { LEDGERDESK_MONGODB_URL = '', LEDGERDESK_NAMESPACE = '' } = servers
    const notes = await openMongodbReadStore({ url: LEDGERDESK_MONGODB_URL, namespace: LEDGERDESK_NAMESPACE })
    const { key } = await notes.addNote('page-token-key', { key: 'none yet' })
    await notes.close()
    expect(key).toBe(pageKey.toString('base64'))
  })

  it('leaves a log to which nothing can be added', async () => {
    const { code, errors } = await run(
      embedded,
      'token',
      'create',
      '--person',
      'rita',
      '--role',
      'administrator',
    )
    expect(code).toBe(1)
    expect(errors).toMatch(/takes no more events\. This log was moved to EventStoreDB, namespace test-/)
    expect(
      await run(servers, 'token', 'create', '--person', 'rita', '--role', 'administrator'),
    ).toMatchObject({ code: 0 })
  })
})
