import { Connection } from './connection.js'

/** Notes in a file of their own, so that they wake nobody who watches the registry. */
export class Notes {
  private readonly connection: Connection

  /** @param readOnly finds what stands in a file that is there, and writes nothing */
  constructor(
    path: string,
    private readonly readOnly = false,
  ) {
    this.connection = new Connection(path, { create: !readOnly, queryOnly: readOnly, cacheKibibytes: 64 })
    if (readOnly) return
    this.connection.write(() =>
      this.connection.exec(
        'CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, note TEXT NOT NULL) WITHOUT ROWID',
      ),
    )
  }

  /** @returns what stands there now */
  add(name: string, note: string): string {
    return this.connection.write(() => {
      this.connection.run('INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [name, note])
      return this.connection.get<{ note: string }>('SELECT note FROM notes WHERE name = ?', [name])!.note
    })
  }

  put(name: string, note: string): void {
    this.connection.run(
      'INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET note = excluded.note',
      [name, note],
    )
  }

  beginningWith(prefix: string): { name: string; note: string }[] {
    // Whoever writes makes the file first, and then the table
    if (this.readOnly && !this.connection.get("SELECT 1 FROM sqlite_master WHERE name = 'notes'")) return []
    return this.connection.all('SELECT name, note FROM notes WHERE substr(name, 1, ?) = ? ORDER BY name', [
      prefix.length,
      prefix,
    ])
  }

  remove(name: string): void {
    this.connection.run('DELETE FROM notes WHERE name = ?', [name])
  }

  close(): void {
    this.connection.close()
  }
}
