import { onlyFor } from '#libs/command-handling'
import { CiNaming } from '../../configuration/ci-names.js'
import { ciRecords, discoveryRecords, relationRecords } from '../../configuration/configuration.records.js'
import { ReconcileCi, RegisterCi } from '../../configuration/domain/ci.commands.js'
import type { RelationEnd } from '../../configuration/domain/configuration.events.js'
import { RecordDiscoveryRun } from '../../configuration/domain/discovery.decider.js'
import { RelateCi } from '../../configuration/domain/relation.commands.js'
import { relationId } from '../../configuration/domain/relation.decider.js'
import type { WriteSide } from '../../runtime/write-side.js'
import { ciReconciliationDecider } from '../../settings/domain/ci-reconciliation.js'
import { PublishCiReconciliation } from '../../settings/domain/settings.commands.js'
import type { DeskOfThePast } from './desk.js'
import { ADMINISTRATOR, AGENT_SOURCE, CHANGE_MANAGER, SCANNER } from './people.js'
import type { YearAsPlanned } from './planting.js'

const SERVERS = 40
/** Servers of which two sources say different things. */
const DISPUTED = 5
/** Servers that no source sees any more at the end of the year. */
const LOST_FROM_SIGHT = 4
export const FIRST_MEMORY = 16

/** What the year's changes are made to, beside an estate that may be there already: with flaws that whoever looks must find. */
export class YearEstate {
  readonly servers: string[] = []
  readonly #disputed: YearAsPlanned['disputed'][number][] = []
  readonly #health = {
    orphan: [] as string[],
    incomplete: [] as string[],
    duplicate: [] as string[][],
    unresolved: [] as string[],
    stale: [] as string[],
  }
  readonly #naming: CiNaming

  constructor(
    write: WriteSide,
    private readonly desk: DeskOfThePast,
  ) {
    this.#naming = new CiNaming(write.executor, write.eventStore)
  }

  get planned(): Pick<YearAsPlanned, 'disputed' | 'health'> {
    return { disputed: this.#disputed, health: this.#health }
  }

  /** Sound servers in two racks, two sources that do not agree on where some stand, and the flaws. */
  async build(): Promise<void> {
    await this.#believeScanner()
    const racks = [await this.#rack('year-rack-1'), await this.#rack('year-rack-2')] as const
    for (let n = 1; n <= SERVERS; n++) {
      const server = await this.#server(`year-${String(n).padStart(2, '0')}`)
      await this.#contains(racks[n % 2]!, server)
      this.servers.push(server)
    }
    await this.#disagree()
    await this.#flaws(racks[0])
    await this.#run('first', this.servers)
  }

  /** The last look at it. */
  async seenAtTheEnd(): Promise<void> {
    const seen = this.servers.slice(0, -LOST_FROM_SIGHT)
    await this.#run('last', seen)
    this.#health.stale.push(...this.servers.slice(-LOST_FROM_SIGHT))
  }

  async #believeScanner(): Promise<void> {
    const settings = {
      decider: ciReconciliationDecider,
      rights: onlyFor(['administrator'], 'SETTINGS.FORBIDDEN'),
    }
    const reconciliation = {
      matchRules: [{ class: 'physical-device', attributes: ['serialNumber'] }],
      precedence: [{ attribute: 'location', sources: [SCANNER, AGENT_SOURCE] }],
      silentAfterDays: null,
    }
    const by = { actor: ADMINISTRATOR }
    await this.desk.do(settings, (m) => new PublishCiReconciliation({ reconciliation }, m), by)
  }

  /** Whoever speaks first, the scanner is believed; what the other says is kept. */
  async #disagree(): Promise<void> {
    const says = [
      [SCANNER, 'north'],
      [AGENT_SOURCE, 'south'],
    ] as const
    for (const [index, ci] of this.servers.slice(0, DISPUTED).entries()) {
      for (const [source, location] of index % 2 === 0 ? says : says.toReversed()) {
        const data = { source, run: 'first', attributes: { location } }
        await this.desk.do(ciRecords, (m) => new ReconcileCi(ci, data, m), { actor: source })
      }
      this.#disputed.push({
        ...{ ci, attribute: 'location', holds: 'north' },
        values: { [SCANNER]: 'north', [AGENT_SOURCE]: 'south' },
      })
    }
  }

  async #flaws(rack: string): Promise<void> {
    for (const name of ['year-orphan-1', 'year-orphan-2', 'year-orphan-3'])
      this.#health.orphan.push(await this.#server(name))
    for (const name of ['year-bare-1', 'year-bare-2']) {
      const bare = await this.#registered('server', name, { serialNumber: name })
      await this.#contains(rack, bare)
      this.#health.incomplete.push(bare)
    }
    const twins: string[] = []
    for (const name of ['year-twin-1', 'year-twin-2']) {
      const twin = await this.#server(name, 'one-for-both')
      await this.#contains(rack, twin)
      twins.push(twin)
    }
    this.#health.duplicate.push(twins)
    await this.#relate('depends-on', { ci: this.servers[0]! }, { name: 'year-never-built' })
    this.#health.unresolved.push('year-never-built')
  }

  async #run(run: string, seen: readonly string[]): Promise<void> {
    const data = { run, seen }
    await this.desk.do(discoveryRecords, (m) => new RecordDiscoveryRun(SCANNER, data, m), { actor: SCANNER })
  }

  #rack(name: string): Promise<string> {
    return this.#registered('rack', name, { serialNumber: name })
  }

  #server(name: string, serialNumber = name): Promise<string> {
    const sound = { serialNumber, ipAddress: `${name}.example`, osFamily: 'linux' }
    return this.#registered('server', name, { ...sound, ramGigabytes: FIRST_MEMORY })
  }

  async #registered(
    ofClass: string,
    name: string,
    attributes: RegisterCi['data']['attributes'],
  ): Promise<string> {
    let id = ''
    // The desk gives it its time; naming takes several steps
    await this.desk.asIs({ actor: CHANGE_MANAGER }, async (metadata) => {
      const register = new RegisterCi(undefined, { class: ofClass, name, attributes }, metadata)
      id = (await this.#naming.carryOut(register)).id
    })
    return id
  }

  #contains(rack: string, server: string): Promise<void> {
    return this.#relate('contains', { ci: rack }, { ci: server })
  }

  async #relate(type: string, source: RelationEnd, target: RelationEnd): Promise<void> {
    const related = { type, source, target }
    await this.desk.do(relationRecords, (m) => new RelateCi(relationId(related), related, m), {
      actor: CHANGE_MANAGER,
    })
  }
}
