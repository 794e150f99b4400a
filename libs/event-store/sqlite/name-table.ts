import type { SqliteConnection, Statement } from './driver.js'

/**
 * Numbered names (event types, categories) held in memory: a few dozen rows whose numbers never change. Known names
 * are answered from memory; others may have been added by another process: they are looked for when `expire` was called
 * since the last look, or when a row bears an unknown number.
 */
export class NameTable {
  readonly #ids = new Map<string, number>()
  readonly #names = new Map<number, string>()
  readonly #select: Statement<{ id: number; name: string }>
  readonly #insert: Statement<unknown>
  #expired = true

  constructor(connection: SqliteConnection, table: 'types' | 'categories') {
    this.#select = connection.prepare(`SELECT id, name FROM ${table}`)
    this.#insert = connection.prepare(`INSERT INTO ${table} (id, name) VALUES (?, ?)`)
  }

  idOf(name: string): number | undefined {
    return this.#ids.get(name) ?? this.#fresh().#ids.get(name)
  }

  nameOf(id: number): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    this.expire()
    const name = this.#fresh().#names.get(id)
    if (name === undefined) throw new Error(`The log names no ${id}: it is damaged, run "ledgerdesk check"`)
    return name
  }

  /** Numbers a name if it is new. Inside a write transaction only. */
  ensure(name: string): number {
    const known = this.idOf(name)
    if (known !== undefined) return known
    const id = this.#names.size + 1
    this.#insert.run(id, name)
    this.#add(id, name)
    return id
  }

  entries(): Iterable<[name: string, id: number]> {
    return this.#fresh().#ids
  }

  /** Another connection may have added names. */
  expire(): void {
    this.#expired = true
  }

  /** Names added in a transaction that was rolled back are not there. */
  forget(): void {
    this.#ids.clear()
    this.#names.clear()
    this.#expired = true
  }

  #fresh(): this {
    if (this.#expired) {
      for (const { id, name } of this.#select.all()) this.#add(id, name)
      this.#expired = false
    }
    return this
  }

  #add(id: number, name: string): void {
    this.#ids.set(name, id)
    this.#names.set(id, name)
  }
}
