import { DatabaseSync } from '@photostructure/sqlite'

/** Opens the file of a build to read it back. A thread that built it may still be writing its WAL back as it ends. */
export function openBuild(file: string): InstanceType<typeof DatabaseSync> {
  return new DatabaseSync(file, { timeout: 60_000 })
}
