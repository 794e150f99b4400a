import { ciRecords } from '../../configuration/configuration.records.js'
import { ChangeCi } from '../../configuration/domain/ci.commands.js'
import type { WriteSide } from '../../runtime/write-side.js'
import { DeskOfThePast } from './desk.js'
import { IMPLEMENTERS } from './people.js'
import type { Planting } from './planting.js'
import { FIRST_MEMORY, YearEstate } from './year-estate.js'

/** In milliseconds, as all durations here. */
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** The year as far as it has gone: its time, its servers, its chance, and what auditors must find in it. */
export class YearInProgress {
  readonly desk: DeskOfThePast
  readonly estate: YearEstate
  readonly findings: Planting[] = []
  /** Gigabytes that a server has by now, where that is no longer what it began with. */
  readonly #memory = new Map<string, number>()
  #clock = 0

  /** @param random from 0 up to 1: the same numbers, the same year */
  constructor(
    readonly write: WriteSide,
    readonly random: () => number,
  ) {
    this.desk = new DeskOfThePast(write)
    this.estate = new YearEstate(write, this.desk)
  }

  /** Goes to an instant, in milliseconds since the epoch: things happen from then on. */
  goTo(instant: number): void {
    this.#clock = instant
    this.desk.at(instant)
  }

  later(milliseconds: number): void {
    this.goTo(this.#clock + milliseconds)
  }

  /** So many milliseconds from now, in ISO 8601. */
  instant(later: number): string {
    return new Date(this.#clock + later).toISOString()
  }

  oneOf<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.random() * values.length)]!
  }

  server(): string {
    return this.oneOf(this.estate.servers)
  }

  twoServers(): [string, string] {
    const { servers } = this.estate
    const first = Math.floor(this.random() * (servers.length - 1))
    return [servers[first]!, servers[first + 1]!]
  }

  nextMemory(ci: string): number {
    return (this.#memory.get(ci) ?? FIRST_MEMORY) + 8
  }

  /** Has it from now on, whoever has written it. */
  hasMemory(ci: string, ramGigabytes: number): void {
    this.#memory.set(ci, ramGigabytes)
  }

  /** @param change that the modification names; absent: it names none */
  async modify(
    ci: string,
    ramGigabytes: number,
    change?: string,
    actor: string = IMPLEMENTERS[0],
  ): Promise<void> {
    this.later(5 * MINUTE)
    const data = { attributes: { ramGigabytes }, ...(change !== undefined && { change }) }
    await this.desk.do(ciRecords, (m) => new ChangeCi(ci, data, m), { actor })
    this.hasMemory(ci, ramGigabytes)
  }

  /** Auditors must find it. @param standing false: it is put right in the year */
  plant(question: Planting['question'], record: string, standing = true): void {
    this.findings.push({ question, record, standing })
  }
}
