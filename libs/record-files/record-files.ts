import { InvalidInput } from '#libs/event-sourcing'

/** A file that is attached to a record, named by its content: SHA-256, lower-case hex. `size` in bytes. */
export interface RecordFile {
  hash: string
  name: string
  contentType: string
  size: number
}

/** Whether it is attached already: the same content under another name is another file. */
export function isAttached(
  files: readonly Pick<RecordFile, 'hash' | 'name'>[],
  { hash, name }: Pick<RecordFile, 'hash' | 'name'>,
): boolean {
  return files.some((file) => file.hash === hash && file.name === name)
}

/** @throws InvalidInput with the given code when it can be no content's name */
export function requireContentHash(hash: string, code: string): void {
  if (/^[0-9a-f]{64}$/.test(hash)) return
  throw new InvalidInput(code, 'Name the content by its SHA-256 in lower-case hex.', [
    { pointer: '/hash', message: 'must be 64 hex digits' },
  ])
}
