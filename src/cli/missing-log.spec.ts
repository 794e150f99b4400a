import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { openEventStoreDb } from '#libs/event-store/eventstoredb'
import { ConfigurationError } from '#libs/platform/configuration'
import { type EventStoreDouble, startEventStoreDouble } from '../../libs/testing/eventstoredb/index.js'
import { checkCommand } from './care.js'
import { eventsCommand } from './events.js'
import { importCommand } from './import.js'
import { migrateCommand } from './migrate.js'
import { projectionsCommand } from './projections.js'
import { publisherCommand } from './publisher.js'
import { tokenCommand } from './token.js'

const SAMPLE = join(__dirname, '../../test/data/servicenow-incidents-sample.csv.gz')

const onWhatIsThere: [string, () => Command, readonly string[]][] = [
  ['projections list', projectionsCommand, ['list']],
  ['projections lag', projectionsCommand, ['lag']],
  ['projections prepare', projectionsCommand, ['prepare']],
  ['projections rebuild', projectionsCommand, ['rebuild', 'work_queue']],
  ['projections rebuild of a policy', projectionsCommand, ['rebuild', 'policy_incident_auto_close']],
  ['projections rebuild --all', projectionsCommand, ['rebuild', '--all']],
  ['projections retry', projectionsCommand, ['retry', 'work_queue']],
  ['publisher lag', publisherCommand, ['lag']],
  ['publisher reset', publisherCommand, ['reset', 'x']],
  ['events export', eventsCommand, ['export']],
  ['token revoke', tokenCommand, ['revoke', 'ldk_00112233445566aa']],
  ['check', checkCommand, []],
]

describe('the command line where there is no log', () => {
  let double: EventStoreDouble
  let folder: string
  let namespace: string
  const environment = { ...process.env }
  const on = (shape: 'a folder' | 'servers') => {
    process.env = {
      ...environment,
      LEDGERDESK_DATA_DIR: folder,
      LEDGERDESK_NAMESPACE: namespace,
      // Nobody is asked: the log comes first
      LEDGERDESK_KAFKA_BROKERS: '127.0.0.1:1',
      ...(shape === 'servers' && {
        LEDGERDESK_EVENTSTORE_URL: double.url,
        LEDGERDESK_MONGODB_URL: 'mongodb://127.0.0.1:1/',
      }),
    }
  }
  const run = (command: () => Command, args: readonly string[]) =>
    command().parseAsync([...args], { from: 'user' })
  const log = () => openEventStoreDb({ url: double.url, namespace, begin: false })

  beforeAll(async () => {
    double = await startEventStoreDouble({ profile: '23.10' })
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-no-log-'))
    namespace = `test-${randomUUID().slice(0, 8)}`
  })
  afterEach(() => {
    process.env = { ...environment }
    rmSync(folder, { recursive: true, force: true })
  })
  afterAll(() => double.stop())

  const alsoDryRuns = [
    ...onWhatIsThere,
    ['import --dry-run', importCommand, [SAMPLE, '--dry-run']] as (typeof onWhatIsThere)[0],
  ]
  it.each(alsoDryRuns)('%s begins none in a namespace', async (_name, command, args) => {
    on('servers')
    await expect(run(command, args)).rejects.toMatchObject({
      code: 'LOG.MISSING',
      message: expect.stringContaining(`There is no log in ${namespace}.log`),
    })
    await expect(log()).rejects.toMatchObject({ code: 'LOG.MISSING' })
  })

  it.each(onWhatIsThere)('%s begins none in a folder', async (_name, command, args) => {
    on('a folder')
    await expect(run(command, args)).rejects.toThrow(/There is no log .*log\.db/)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([[[]], [['--give-up']]])('migrate %j asks no server when there is none to move', async (args) => {
    on('servers')
    await expect(run(migrateCommand, args)).rejects.toMatchObject({
      code: 'LOG.MISSING',
      message: expect.stringContaining(`There is no log ${folder}`),
    })
    await expect(log()).rejects.toMatchObject({ code: 'LOG.MISSING' })
  })

  it('migrate says which connection string is wrong, without its password', async () => {
    on('servers')
    process.env.LEDGERDESK_MONGODB_URL = 'mongodb://u:se@cret@h/?x'
    const refused = await run(migrateCommand, []).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(ConfigurationError)
    expect((refused as Error).message).toContain('LEDGERDESK_MONGODB_URL=***')
    expect((refused as Error).message).not.toContain('cret')
  })

  it('token create begins one: somebody has to be the first administrator', async () => {
    on('servers')
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
    await run(tokenCommand, ['create', '--person', 'rita', '--role', 'administrator'])
    written.mockRestore()
    const begun = await log()
    expect((await begun.readStream('person-rita')).length).toBeGreaterThan(0)
    await begun.close()
  })
})
