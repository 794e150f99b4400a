import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { appendEvents } from '../../libs/testing/index.js'
import { dataPaths, openBlobStore, openEventStore } from '../runtime/stores.js'
import { backupCommand, checkCommand, restoreCommand } from './care.js'

describe('the care of a data folder with attachments', () => {
  const environment = { ...process.env }
  let folder: string
  let dataDir: string
  let backup: string
  /** Of the files of an incident, a change and a problem, and of a mail. */
  let hashes: string[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-care-'))
    dataDir = join(folder, 'data')
    backup = join(folder, 'backup')
    hashes = []
    const log = await openEventStore({ dataDir })
    const blobs = await openBlobStore({ dataDir })
    const naming = [
      ['incident-INC0000001', 'AttachmentAdded'],
      ['change-CHG0000001', 'ChangeFileAttached'],
      ['problem-PRB0000001', 'ProblemFileAttached'],
      ['mail-1', 'MailReceived'],
    ] as const
    for (const [stream, type] of naming) {
      const data = await blobs.put(Readable.from([`for ${stream}`]), 100)
      await appendEvents(log, stream, [{ type, data }])
      hashes.push(data.hash)
    }
    await log.close()
  })
  afterEach(() => {
    process.env = { ...environment }
    process.exitCode = undefined
    rmSync(folder, { recursive: true })
  })

  async function run(command: () => Command, onto: string, ...args: string[]) {
    process.env = { ...environment, LEDGERDESK_DATA_DIR: onto }
    process.exitCode = undefined
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      await command().parseAsync(args, { from: 'user' })
      const lines = written.mock.calls.map(([text]) => String(text).trimEnd())
      return { code: process.exitCode ?? 0, lines }
    } finally {
      written.mockRestore()
    }
  }
  const blobFile = (hash: string, of = dataDir) =>
    join(dataPaths({ dataDir: of }).blobs, hash.slice(0, 2), hash)

  /** Loses the incident's file and overwrites the mail. */
  function harm(of: string) {
    rmSync(blobFile(hashes[0]!, of))
    writeFileSync(blobFile(hashes[3]!, of), 'something else')
  }
  const harmTold = () => [
    `ATTACHMENT.MISSING: stream incident-INC0000001 names ${hashes[0]}, which is not there`,
    `ATTACHMENT.DAMAGED: stream mail-1 names ${hashes[3]}, whose content is another now`,
    'attachments that the log names: 4, 2 of them not whole',
  ]

  it('finds them all whole, in the copies too', async () => {
    const whole = 'attachments that the log names: 4, all whole'
    expect(await run(checkCommand, dataDir)).toEqual({
      code: 0,
      lines: [`${join(dataDir, 'log.db')} is sound`, whole],
    })
    const copied = await run(backupCommand, dataDir, backup)
    expect(copied).toEqual({ code: 0, lines: [expect.stringMatching(/^backed up to/), whole] })
    expect(readdirSync(backup).sort()).toEqual(['blobs', 'log.db'])
    const restored = await run(restoreCommand, join(folder, 'restored'), backup)
    expect(restored).toEqual({ code: 0, lines: [expect.stringMatching(/^restored to/), whole] })
  })

  it.each(['AttachmentAdded', 'ChangeFileAttached', 'ProblemFileAttached', 'MailReceived'])(
    'misses the content that %s names',
    async (type) => {
      const log = await openEventStore({ dataDir })
      const hash = 'ab'.repeat(32)
      await appendEvents(log, 'incident-INC0000002', [{ type, data: { hash, size: 1 } }])
      await log.close()
      expect(await run(checkCommand, dataDir)).toMatchObject({
        code: 1,
        lines: expect.arrayContaining([
          `ATTACHMENT.MISSING: stream incident-INC0000002 names ${hash}, which is not there`,
        ]),
      })
    },
  )

  it('tells what is lost and what is damaged', async () => {
    harm(dataDir)
    const { code, lines } = await run(checkCommand, dataDir)
    expect({ code, lines: lines.slice(1) }).toEqual({ code: 1, lines: harmTold() })
  })

  it('makes nothing where there are no attachments', async () => {
    rmSync(dataPaths({ dataDir }).blobs, { recursive: true })
    const { code, lines } = await run(checkCommand, dataDir)
    expect({ code, told: lines.at(-1) }).toEqual({
      code: 1,
      told: 'attachments that the log names: 4, 4 of them not whole',
    })
    expect(readdirSync(dataDir)).not.toContain('blobs')
  })

  it('looks at no attachments of a log that is not sound itself', async () => {
    writeFileSync(dataPaths({ dataDir }).log, 'overwritten')
    const { code, lines } = await run(checkCommand, dataDir)
    expect({ code, told: lines.at(-1) }).toEqual({
      code: 1,
      told: expect.stringMatching(/^1 finding in .*; its attachments were not looked at/),
    })
  })

  it('backs up the log and what is there, and tells what is not', async () => {
    harm(dataDir)
    const { code, lines } = await run(backupCommand, dataDir, backup)
    expect({ code, lines: lines.slice(1) }).toEqual({ code: 1, lines: harmTold() })
    expect(readdirSync(backup)).toContain('log.db')
    expect(readdirSync(join(backup, 'blobs'), { recursive: true })).toContain(
      join(hashes[1]!.slice(0, 2), hashes[1]!),
    )
  })

  it('restores the log and what is there, and tells what is not', async () => {
    await run(backupCommand, dataDir, backup)
    harm(backup)
    const restored = join(folder, 'restored')
    const { code, lines } = await run(restoreCommand, restored, backup)
    expect({ code, lines: lines.slice(1) }).toEqual({ code: 1, lines: harmTold() })
    expect((await run(checkCommand, restored)).lines[0]).toMatch(/log\.db is sound$/)
  })
})
