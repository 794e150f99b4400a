import { Disk } from './disk.js'
import { type FileOperation, parseTrace } from './system-calls.js'

const write = (offset: number, text: string): FileOperation => ({
  kind: 'write',
  path: '/log/a',
  offset,
  data: Buffer.from(text),
})
const diskAfter = (...operations: FileOperation[]) => {
  const disk = new Disk('/log')
  for (const operation of operations) disk.apply(operation)
  return disk
}
const create: FileOperation = { kind: 'create', path: '/log/a' }
const syncFile: FileOperation = { kind: 'sync', path: '/log/a' }
const syncFolder: FileOperation = { kind: 'sync', path: '/log' }

/** Random numbers by which nothing unsynced arrives, and by which all of it does. */
const nothing = () => 0
const everything = () => 0.3
const text = (files: Map<string, Buffer>) => files.get('/log/a')?.toString()

describe('the disk of the power-loss test', () => {
  it('keeps what was synced, and drops the rest or not', () => {
    const disk = diskAfter(create, syncFolder, write(0, 'one'), syncFile, write(3, 'two'))
    expect(text(disk.afterPowerLoss(nothing))).toBe('one')
    expect(text(disk.afterPowerLoss(everything))).toBe('onetwo')
  })

  it('knows a file by name only once its folder was synced', () => {
    const disk = diskAfter(create, write(0, 'one'), syncFile)
    expect(text(disk.afterPowerLoss(nothing))).toBeUndefined()
    disk.apply(syncFolder)
    expect(text(disk.afterPowerLoss(nothing))).toBe('one')
    disk.apply({ kind: 'unlink', path: '/log/a' })
    expect(text(disk.afterPowerLoss(nothing))).toBe('one')
    expect(text(disk.afterPowerLoss(everything))).toBeUndefined()
  })

  it('tears writes at sectors, and loses earlier writes while later ones arrive', () => {
    const disk = diskAfter(create, syncFolder, write(0, 'a'.repeat(1_000)), write(1_000, 'b'.repeat(2_000)))
    let seed = 1
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const results = Array.from({ length: 200 }, () => text(disk.afterPowerLoss(random))!)
    expect(results.some((result) => /^\0{1000}b{2000}$/.test(result))).toBe(true)
    expect(results.some((result) => /b/.test(result) && /b.*\0.*b/s.test(result))).toBe(true)
  })

  it('truncates', () => {
    const disk = diskAfter(create, syncFolder, write(0, 'abcdef'), syncFile)
    disk.apply({ kind: 'truncate', path: '/log/a', length: 2 })
    disk.apply(write(4, 'x'))
    disk.apply(syncFile)
    expect(text(disk.afterPowerLoss(nothing))).toBe('ab\0\0x')
  })
})

describe('the record of system calls', () => {
  const hex = (value: string) => [...Buffer.from(value)].map((byte) => `\\x${byte.toString(16)}`).join('')
  const parse = (...lines: string[]) => parseTrace(lines.join('\n'), '/log')

  it('is read in order, other files and failed calls left out, split calls joined', () => {
    expect(
      parse(
        `7 openat(AT_FDCWD<${hex('/')}>, "${hex('/log/a')}", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 5<${hex('/log/a')}>`,
        `7 openat(AT_FDCWD<${hex('/')}>, "${hex('/log/b')}", O_RDONLY) = -1 ENOENT (No such file or directory)`,
        `7 pwrite64(5<${hex('/log/a')}>, "${hex('one"two')}", 7, 12 <unfinished ...>`,
        `8 pwrite64(6<${hex('/elsewhere')}>, "${hex('x')}", 1, 0) = 1`,
        '7 <... pwrite64 resumed>) = 7',
        `7 fdatasync(5<${hex('/log/a')}>) = 0`,
        `7 ftruncate(5<${hex('/log/a')}>, 3) = 0`,
        `7 write(1<${hex('pipe:[1]')}>, "${hex('told')}", 4) = 4`,
        `7 unlink("${hex('/log/a')}") = 0`,
        '7 +++ exited with 0 +++',
      ),
    ).toEqual([
      { kind: 'create', path: '/log/a' },
      { kind: 'write', path: '/log/a', offset: 12, data: Buffer.from('one"two') },
      { kind: 'sync', path: '/log/a' },
      { kind: 'truncate', path: '/log/a', length: 3 },
      { kind: 'output', text: 'told' },
      { kind: 'unlink', path: '/log/a' },
    ])
  })

  it('refuses calls that the model does not know', () => {
    expect(() => parse(`7 pwritev(5<${hex('/log/a')}>, [], 0, 0) = 3`)).toThrow(/does not know pwritev/)
    expect(() => parse(`7 rename("${hex('/log/a')}", "${hex('/b')}") = 0`)).toThrow(/does not know rename/)
  })
})
