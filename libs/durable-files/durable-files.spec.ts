import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFolder, syncPath, writeOnce } from './index.js'

describe('durable files', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-files-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('makes a folder with all that it stands in, and takes one that is there', () => {
    const deep = join(folder, 'a/b/c')
    makeFolder(deep)
    makeFolder(deep)
    expect(existsSync(deep)).toBe(true)
  })

  it('says when a folder cannot be made, and why', () => {
    writeFileSync(join(folder, 'file'), '')
    for (const path of ['/proc/ledgerdesk/data', join(folder, 'file'), join(folder, 'file/deeper')])
      expect(() => makeFolder(path)).toThrow(/ENOENT|EEXIST|ENOTDIR|EACCES|EROFS/)
  })

  it('writes a file once, readable by whom it is for, and leaves nothing beside it', () => {
    const file = join(folder, 'key')
    writeOnce(file, Buffer.from('first'), 0o600)
    writeOnce(file, Buffer.from('second'), 0o600)
    expect(readFileSync(file, 'utf8')).toBe('first')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['key'])
  })

  it('says when there is nothing to sync', () => {
    expect(() => syncPath(join(folder, 'missing'))).toThrow(/ENOENT/)
  })
})
