import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomNumbers } from '#libs/random-numbers'

/** What a made-up inventory is like after a commit: the check of whatever is made of its history. */
export interface EstateSnapshot {
  change: number
  hosts: Record<string, Attributes>
  groups: Record<string, Attributes>
  /** Group, kind of the member, member. */
  memberships: [string, Kind, string][]
}

/** Rows of the four files, in the form that the mapping `ansible-inventory-history` reads. */
export interface EstateHistory {
  changes: object[]
  ciEvents: object[]
  membershipEvents: object[]
  snapshots: EstateSnapshot[]
}

type Kind = 'host' | 'group'
type Attributes = Record<string, string>
type Change = Record<string, string | null>

const DATACENTRES = ['north', 'south', 'harbour']
const SERVICES = ['web', 'db', 'proxy', 'mail', 'build', 'log']
const START = Date.parse('2021-03-01T08:00:00Z')
const HOUR = 3_600_000

/**
 * Makes up the history of an inventory that is kept in git: the same seed, the same rows. Nothing of it is anybody's. It has what
 * real ones have: names that no item bears, names used again, renames, a clock that goes back, files that changed in
 * nothing that is kept, commits without any of this, and once the end of something that never was.
 */
export function estateHistory({ seed = 1, commits = 120 } = {}): EstateHistory {
  return new Estate(randomNumbers(seed)).run(commits)
}

/** Writes its files, as JSON lines; `snapshots.jsonl` is no part of the history, but what it must come to. */
export function writeEstateHistory(folder: string, history: EstateHistory): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, rows: readonly object[]) =>
    writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  write('changes.jsonl', history.changes)
  write('ci-events.jsonl', history.ciEvents)
  write('membership-events.jsonl', history.membershipEvents)
  write('snapshots.jsonl', history.snapshots)
}

class Estate {
  readonly #items: Record<Kind, Map<string, Attributes>> = { host: new Map(), group: new Map() }
  readonly #memberships = new Map<string, [string, Kind, string]>()
  /** Names that were given up: one of them may be used again. */
  readonly #givenUp: Record<Kind, string[]> = { host: [], group: [] }
  readonly #history: EstateHistory = { changes: [], ciEvents: [], membershipEvents: [], snapshots: [] }
  #change = 0
  #seq = 0
  #clock = START

  constructor(private readonly random: () => number) {}

  run(commits: number): EstateHistory {
    const kept = new Set([1, 0.25, 0.5, 0.75].map((part) => Math.ceil(part * commits)))
    while (this.#change < commits) {
      this.#commit()
      if (kept.has(this.#change)) this.#history.snapshots.push(this.#snapshot())
    }
    return this.#history
  }

  #commit(): void {
    const n = ++this.#change
    // Whose clock is wrong commits all the same, after those before
    this.#clock += n % 40 === 0 ? -HOUR : Math.ceil(this.random() * 50) * HOUR
    const subject = n === 1 ? this.#begin() : this.#work(n)
    const committedAt = new Date(this.#clock).toISOString().replace('.000Z', '+00:00')
    this.#history.changes.push({
      n,
      commit: (n * 0x9e3779b1).toString(16).padStart(12, '0').slice(-12),
      committedAt,
      authoredAt: committedAt,
      actor: `admin-${this.#number(1, 9)}`,
      subject,
      ticketRefs: n % 25 === 0 ? [`#${1_000 + n}`] : [],
    })
  }

  #begin(): string {
    for (const service of SERVICES) {
      this.#create('group', service, { freezes: 'true' })
      for (const n of [1, 2, 3]) this.#install(service, n)
      this.#relate('add', 'production', 'group', service)
    }
    return 'What there is'
  }

  #work(n: number): string {
    if (n === 30) {
      this.#emit({ op: 'retire', kind: 'host', ci: 'never-was.example' })
      return 'Remove what was never added'
    }
    if (n === 60) return this.#move('north', 'harbour')
    const [subject, work] = this.#oneOf(this.#works)
    for (let times = this.#number(1, 4); times > 0; times--) work()
    return subject
  }

  readonly #works: readonly (readonly [string, () => void])[] = [
    ['New hosts', () => this.#install(this.#oneOf(SERVICES), this.#number(4, 60))],
    ['A host again', () => this.#again()],
    ['Other sizes', () => this.#resize()],
    ['Other sizes, once more', () => this.#resize()],
    ['Wording', () => this.#touch()],
    [
      'Rename hosts',
      () => this.#rename('host', (name) => name.replace(/\.(\w+)\.example$/, '-old.$1.example')),
    ],
    ['Rename a group', () => this.#rename('group', (name) => `${name}_${this.#number(1, 99)}`)],
    ['Retire hosts', () => this.#retire('host')],
    ['Retire a group', () => this.#retire('group')],
    ['Who belongs where', () => this.#join()],
    ['Who belongs where no more', () => this.#leave()],
    ['Nothing that is kept', () => {}],
  ]

  #install(service: string, n: number): void {
    const datacenter = this.#oneOf(DATACENTRES)
    const name = `${service}${String(n).padStart(2, '0')}.${datacenter}.example`
    if (this.#items.host.has(name)) return
    this.#create('host', name, {
      datacenter,
      // As often as not no item bears that name
      vmhost: `virthost${this.#number(1, 9)}.${datacenter}.example`,
      mem_size: this.#oneOf(['2048', '4096', '{{ usual_memory }}']),
      num_cpus: String(this.#number(1, 8)),
      tcp_ports: this.#oneOf(['[ 80, 443 ]', '[80, 443]', '[ 5432 ]']),
    })
    if (this.random() < 0.3)
      this.#create('host', `virthost${this.#number(1, 9)}.${datacenter}.example`, { datacenter })
    this.#relate('add', service, 'host', name)
  }

  #again(): void {
    const kind = this.#oneOf(['host', 'group'] as const)
    const name = this.#givenUp[kind].pop()
    if (name !== undefined) this.#create(kind, name, { description: 'Here again' })
  }

  #resize(): void {
    const name = this.#oneOf([...this.#items.host.keys()])
    const memory = this.#oneOf(['1024', '8192', null])
    this.#update('host', name, {
      mem_size: memory,
      [this.#oneOf(['num_cpus', 'csi_purpose'])]: `${this.#number(1, 8)}`,
    })
  }

  #touch(): void {
    const kind = this.#oneOf(['host', 'group'] as const)
    const ci = this.#oneOf([...this.#items[kind].keys()])
    this.#emit({ op: 'touch', kind, ci, set: {} })
  }

  #join(): void {
    const group = this.#oneOf([...SERVICES, 'production', 'staging'])
    if (this.random() < 0.2) this.#relate('add', group, 'group', this.#oneOf(['staging', group]))
    else if (this.random() < 0.3) this.#relate('add', group, 'host', `planned${this.#number(1, 20)}.example`)
    else this.#relate('add', group, 'host', this.#oneOf([...this.#items.host.keys()]))
  }

  #leave(): void {
    const [group, kind, member] = this.#oneOf([...this.#memberships.values()])
    this.#relate('remove', group, kind, member)
  }

  #move(from: string, datacenter: string): string {
    for (const [name, attributes] of this.#items.host)
      if (attributes.datacenter === from)
        this.#update('host', name, { datacenter, vmhost: `virthost1.${datacenter}.example` })
    return `Move ${from} to ${datacenter}`
  }

  #create(kind: Kind, ci: string, attributes: Attributes): void {
    if (this.#items[kind].has(ci)) return
    this.#items[kind].set(ci, { ...attributes })
    const set = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, [null, value]]))
    this.#emit({ op: 'create', kind, ci, set })
  }

  #update(kind: Kind, ci: string, change: Change): void {
    const set = this.#set(kind, ci, change)
    if (Object.keys(set).length > 0) this.#emit({ op: 'update', kind, ci, set })
  }

  /** @returns what differs, with before and after */
  #set(kind: Kind, ci: string, change: Change): Record<string, [string | null, string | null]> {
    const attributes = this.#items[kind].get(ci)!
    const set: Record<string, [string | null, string | null]> = {}
    for (const [name, after] of Object.entries(change)) {
      const before = attributes[name] ?? null
      if (before === after) continue
      set[name] = [before, after]
      if (after === null) delete attributes[name]
      else attributes[name] = after
    }
    return set
  }

  #rename(kind: Kind, newName: (name: string) => string): void {
    const from = this.#oneOf([...this.#items[kind].keys()])
    const ci = newName(from)
    if (this.#items[kind].has(ci)) return
    this.#items[kind].set(ci, this.#items[kind].get(from)!)
    this.#items[kind].delete(from)
    this.#givenUp[kind].push(from)
    const set = this.random() < 0.5 ? {} : this.#set(kind, ci, { description: `Was ${from}` })
    this.#emit({ op: 'rename', kind, ci, from, set })
  }

  #retire(kind: Kind): void {
    if (this.#items[kind].size <= 5) return
    const ci = this.#oneOf([...this.#items[kind].keys()])
    this.#items[kind].delete(ci)
    this.#givenUp[kind].push(ci)
    this.#emit({ op: 'retire', kind, ci })
  }

  #relate(op: 'add' | 'remove', group: string, memberKind: Kind, member: string): void {
    const key = JSON.stringify([group, memberKind, member])
    if (this.#memberships.has(key) === (op === 'add')) return
    if (op === 'add') this.#memberships.set(key, [group, memberKind, member])
    else this.#memberships.delete(key)
    this.#history.membershipEvents.push({
      seq: ++this.#seq,
      change: this.#change,
      op,
      group,
      memberKind,
      member,
    })
  }

  #emit(event: object): void {
    this.#history.ciEvents.push({ seq: ++this.#seq, change: this.#change, ...event })
  }

  #snapshot(): EstateSnapshot {
    const copy = (kind: Kind) =>
      Object.fromEntries([...this.#items[kind]].map(([name, attributes]) => [name, { ...attributes }]))
    const memberships = [...this.#memberships.values()]
    return { change: this.#change, hosts: copy('host'), groups: copy('group'), memberships }
  }

  #oneOf<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.random() * values.length)]!
  }

  #number(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1))
  }
}
