import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { estateHistory, writeEstateHistory } from '../../src/cli/estate-history.js'
import { Installation } from './running-server.js'
import { linesOf, tally } from './served-rows.js'

/**
 * Folder of a data set that the project does not ship: twelve years of an Ansible inventory (docs/imports.md). A made-up history
 * of the same form is always imported.
 */
const ESTATE = process.env.CONFIGURATION_HISTORY ?? ''

jest.setTimeout(1_200_000)

interface Snapshot {
  change: number
  hosts: Record<string, Record<string, string>>
  groups: Record<string, Record<string, string>>
  memberships: [string, string, string][]
}
interface CiRow {
  op: string
  kind: string
  set?: object
}
interface MembershipRow {
  op: string
  memberKind: string
}
interface Summary {
  rows: number
  applied: number
  known: number
  rejected: number
  events: number
  seconds: number
  rowsPerSecond: number
  eventsPerSecond: number
}
interface GraphLine {
  kind: string
  number: string
  class: string
  name: string
  status: string
  attributes: Record<string, string>
  type: string
  source: { ci: string; name: string; class: string; resolvesTo: string[] }
  target: { name: string; class: string; resolvesTo: string[] }
}
interface ExportedEvent {
  subject: string
  type: string
  commandid: string
  data: { class?: string; type?: string; sourceFields?: { class?: string } }
}

const WORDS: Record<string, string> = {
  create: 'CiRegistered',
  update: 'CiChanged',
  touch: 'CiObserved',
  rename: 'CiRenamed',
  retire: 'CiRetired',
  add: 'CiRelated',
  remove: 'CiUnrelated',
}

function rowsOf<Row>(folder: string, name: string): Row[] {
  const path = join(folder, name)
  return linesOf<Row>(
    existsSync(path) ? readFileSync(path, 'utf8') : gunzipSync(readFileSync(`${path}.gz`)).toString(),
  )
}

/** A folder's history, imported twice and served, with all that is to be known of it. */
class ImportedEstate {
  private constructor(
    readonly installation: Installation,
    readonly folder: string,
    readonly token: string,
    readonly summaries: readonly Summary[],
  ) {}

  static async from(given?: string): Promise<ImportedEstate> {
    const installation = await Installation.make()
    const folder = given ?? join(installation.folder, 'made-up-estate')
    if (given === undefined) writeEstateHistory(folder, estateHistory())
    const args = ['import', folder, '--mapping', 'ansible-inventory-history', '--json']
    const summaries = [0, 1].map(() => JSON.parse(installation.run(args)) as Summary)
    const token = installation.run(['token', 'create', '--person', 'ann', '--role', 'agent']).trim()
    await installation.serve()
    return new ImportedEstate(installation, folder, token, summaries)
  }

  /** What the files say that there was, and what the server says. */
  async compared(): Promise<[Snapshot, Snapshot][]> {
    const compared: [Snapshot, Snapshot][] = []
    for (const snapshot of rowsOf<Snapshot>(this.folder, 'snapshots.jsonl')) {
      const { change, hosts, groups, memberships } = snapshot
      compared.push([{ change, hosts, groups, memberships: sorted(memberships) }, await this.at(change)])
    }
    return compared
  }

  private async at(change: number): Promise<Snapshot> {
    const path = `/configuration/graph?asOf=change:${change}`
    const response = await this.installation.get(path, this.token, 'application/x-ndjson')
    const lines = linesOf<GraphLine>(await response.text())
    expect(lines.at(-1)).toMatchObject({ kind: 'end' })
    const items = (ofClass: string) => {
      const live = lines.filter(
        (line) => line.kind === 'item' && line.class === ofClass && line.status === 'live',
      )
      return Object.fromEntries(live.map(({ name, attributes }) => [name, attributes]))
    }
    const [hosts, groups] = [items('ansible-host'), items('ansible-group')]
    const memberships = lines.filter(({ kind, type }) => kind === 'relation' && type === 'member-of')
    for (const { source, target } of memberships) {
      const known = source.class === 'ansible-host' ? hosts : groups
      expect([source.name, source.resolvesTo.length]).toEqual([source.name, source.name in known ? 1 : 0])
      expect([target.name, target.resolvesTo.length]).toEqual([target.name, target.name in groups ? 1 : 0])
    }
    expect(hostsOn(lines)).toEqual(hostsWithMachine(hosts))
    return { change, hosts, groups, memberships: sorted(memberships.map(membership)) }
  }

  /** Rows by kind and what they say was done. */
  countsOfFiles(): Record<string, number> {
    const ofItem = ({ op, kind }: CiRow) => `${kind} ${WORDS[op]}`
    const ofMembership = ({ op, memberKind }: MembershipRow) => `member ${memberKind} ${WORDS[op]}`
    return {
      change: rowsOf(this.folder, 'changes.jsonl').length,
      ...tally(rowsOf<CiRow>(this.folder, 'ci-events.jsonl'), ofItem),
      ...tally(rowsOf<MembershipRow>(this.folder, 'membership-events.jsonl'), ofMembership),
    }
  }

  /** The same of events: a row may have more than one, of which the first is told. */
  countsOfEvents(): Record<string, number> {
    const changes = this.events('change-').filter(({ type }) => type.includes('ChangeStateObserved'))
    return {
      change: changes.length,
      ...tally(
        this.told('ci-', ({ data }) => data.class?.slice('ansible-'.length)),
        (key) => key,
      ),
      ...tally(
        this.told('relation-', ({ data }) => (data.type === 'member-of' ? memberKind(data) : undefined)),
        (key) => key,
      ),
    }
  }

  /** Of each row's first event what it is about and its type. @param about of a stream's first event */
  private told(prefix: string, about: (event: ExportedEvent) => string | undefined): string[] {
    const streams = new Map<string, string | undefined>()
    const commands = new Set<string>()
    return this.events(prefix).flatMap((event) => {
      const { subject, type, commandid, data } = event
      if (!streams.has(subject))
        streams.set(subject, about({ ...event, data: { ...data.sourceFields, ...data } }))
      const what = streams.get(subject)
      const command = subject + commandid
      if (what === undefined || commands.has(command)) return []
      commands.add(command)
      return [`${what} ${type.split('.').at(-2)}`]
    })
  }

  private events(prefix: string): ExportedEvent[] {
    return linesOf<ExportedEvent>(this.installation.run(['events', 'export', '--stream', prefix]))
  }
}

/** Which host runs on which, as relations say; and by how many items that name is borne. */
function hostsOn(lines: readonly GraphLine[]): unknown[] {
  const names = new Map(lines.map(({ number, name }) => [number, name]))
  return lines
    .filter(({ type }) => type === 'runs-on')
    .map(({ source, target }) => [names.get(source.ci), target.name, target.resolvesTo.length])
    .sort(byText)
}

/** The same, as their attributes say. */
function hostsWithMachine(hosts: Snapshot['hosts']): unknown[] {
  return Object.entries(hosts)
    .flatMap(([name, { vmhost }]) => (vmhost ? [[name, vmhost, vmhost in hosts ? 1 : 0]] : []))
    .sort(byText)
}

const sorted = (memberships: readonly [string, string, string][]) => [...memberships].sort(byText)
const byText = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)
const membership = ({ source, target }: GraphLine): [string, string, string] => [
  target.name,
  source.class.slice('ansible-'.length),
  source.name,
]
const memberKind = (data: object) => `member ${(data as GraphLine).source.class.slice('ansible-'.length)}`

function behaves(open: () => Promise<ImportedEstate>): void {
  let estate: ImportedEstate

  beforeAll(async () => {
    estate = await open()
  })
  afterAll(() => estate?.installation.dispose())

  it('has every row; a second import adds nothing', () => {
    const [first, second] = estate.summaries as [Summary, Summary]
    const { rows } = first
    expect(first).toMatchObject({ rows, applied: rows, known: 0, rejected: 0 })
    expect(second).toMatchObject({ rows, applied: 0, known: rows, rejected: 0, events: 0, people: 0 })
    process.stdout.write(
      `${rows} rows in ${first.seconds.toFixed(1)} s: ${first.rowsPerSecond} rows/s, ${first.eventsPerSecond} events/s\n`,
    )
  })

  it('has as many events of each kind as the files have rows', () => {
    expect(estate.countsOfEvents()).toEqual(estate.countsOfFiles())
  })

  it('is at every change that was looked at what it was, item by item', async () => {
    for (const [expected, answered] of await estate.compared()) expect(answered).toEqual(expected)
  })

  it('is the same after a rebuild', async () => {
    estate.installation.run(['projections', 'rebuild', 'cmdb_history'])
    for (const [expected, answered] of await estate.compared()) expect(answered).toEqual(expected)
  })
}

describe('the made-up history of an estate, imported and served', () => {
  let estate: ImportedEstate
  const get = async (path: string) => (await estate.installation.get(path, estate.token)).json()
  const refusal = (path: string, accept?: string) =>
    estate.installation.get(path, estate.token, accept).then(
      () => 'answered',
      (error: Error) => error.message,
    )

  behaves(async () => {
    estate = await ImportedEstate.from()
    return estate
  })

  it('is read as of a change wherever the configuration is read', async () => {
    const list = await get('/configuration-items?asOf=change:CHG0000030&pageSize=1&orderBy=number')
    const { asOf, items } = list as { asOf: string; items: { number: string }[] }
    const path = `/configuration-items/${items[0]?.number}`
    for (const read of [path, `${path}/history`, `${path}/impact`, '/configuration/health'])
      expect([read, await get(`${read}?asOf=change:30`)]).toEqual([read, expect.objectContaining({ asOf })])
    const diff = await get('/configuration/diff?fromAsOf=change:30&toAsOf=change:60')
    expect(diff).toMatchObject({ from: { asOf }, items: { changed: expect.any(Array) } })
    const page = list as { nextPageToken: string }
    const more = `/configuration-items?asOf=change:CHG0000030&pageSize=1&orderBy=number&pageToken=${page.nextPageToken}`
    expect(await get(more)).toMatchObject({ asOf, items: [expect.anything()] })
  })

  it('refuses to be read as of a change that there is not', async () => {
    for (const read of ['/configuration-items', '/configuration/health'])
      expect(await refusal(`${read}?asOf=change:999`)).toMatch(/: 404 .*CHANGE\.UNKNOWN/)
    const stream = await refusal('/configuration/graph?asOf=change:999', 'application/x-ndjson')
    expect(stream).toMatch(/: 404 .*CHANGE\.UNKNOWN/)
    expect(await refusal('/configuration/diff?fromAsOf=change:nothing')).toMatch(/: 404 .*CHANGE\.UNKNOWN/)
    expect(await refusal('/configuration-items?asOf=commit:1')).toMatch(/: 400 .*AS_OF\.MALFORMED/)
  })

  it('lets live commands go on with what was imported: names are borne, and free again', async () => {
    const [, { hosts }] = (await estate.compared()).at(-1) as [Snapshot, Snapshot]
    const gone = rowsOf<{ op: string; kind: string; ci: string }>(estate.folder, 'ci-events.jsonl')
      .filter(({ op, kind, ci }) => op === 'retire' && kind === 'host' && !(ci in hosts))
      .at(0)
    const register = (name: string | undefined) =>
      estate.installation
        .post('/configuration-items', estate.token, { class: 'ansible-host', name, attributes: {} })
        .then(
          () => 'registered',
          (error: Error) => error.message,
        )
    expect(await register(Object.keys(hosts)[0])).toMatch(/: 409 .*CI\.NAME_TAKEN/)
    expect(await register(gone?.ci)).toBe('registered')
  })
})

const describeWhole = ESTATE === '' ? describe.skip : describe
describeWhole('the whole file of an estate’s history, imported and served', () => {
  behaves(() => ImportedEstate.from(ESTATE))
})
