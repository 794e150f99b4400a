import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { BlobStore } from '#libs/blob-store'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { attachmentsSection } from './attachments-section.js'
import type { EvidenceAttachment } from './evidence.js'
import { readEvidenceFiles } from './evidence-files.js'

describe('Files of an evidence', () => {
  let folder: string
  let blobs: BlobStore
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-evidence-'))
    blobs = await openFolderBlobStore(folder)
  })
  afterEach(async () => {
    await blobs.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function attached(content: string, name: string): Promise<EvidenceAttachment> {
    const { hash, size } = await blobs.put(Readable.from([Buffer.from(content)]), 1_000)
    const at = '2026-03-02T08:00:00.000Z'
    return { hash, size, name, contentType: 'text/plain', by: 'ann', at, event: name }
  }
  /** Path of what is kept under a hash. */
  function pathOf(hash: string): string {
    const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.endsWith(hash),
    )
    return join(folder, found!)
  }

  it('are what was attached, each by itself, in the order of attaching', async () => {
    const files = [
      await attached('one', 'a.txt'),
      await attached('two', 'a.txt'),
      await attached('one', 'b.txt'),
    ]
    const { told, contents } = await readEvidenceFiles(files, blobs)
    expect(Object.keys(contents)).toEqual([
      'attachments/1-a.txt',
      'attachments/2-a.txt',
      'attachments/3-b.txt',
    ])
    for (const { file, hash } of told)
      expect(createHash('sha256').update(contents[file!]!).digest('hex')).toBe(hash)
    const page = attachmentsSection(told).markup
    expect(page).toContain('computed again')
    expect(page).not.toContain('left out')
  })

  it('have names that lead nowhere else and that every system takes', async () => {
    const names = [
      '../../etc/passwd',
      'C:\\con',
      'a\u0000b.txt',
      'Prüf bericht.pdf',
      `${'x'.repeat(300)}.log`,
    ]
    const files = await Promise.all(names.map((name) => attached(name, name)))
    const paths = Object.keys((await readEvidenceFiles(files, blobs)).contents)
    expect(paths.slice(0, 4)).toEqual([
      'attachments/1-.._.._etc_passwd',
      'attachments/2-C__con',
      'attachments/3-a_b.txt',
      'attachments/4-Prüf_bericht.pdf',
    ])
    expect(paths[4]).toHaveLength('attachments/5-'.length + 100)
    expect(paths[4]).toMatch(/x\.log$/)
  })

  it('are left out beyond the limit of all together, and smaller ones after that are not', async () => {
    const files = [await attached('12345', 'a'), await attached('123456', 'b'), await attached('1234', 'c')]
    const { told, contents } = await readEvidenceFiles(files, blobs, 9)
    expect(told.map(({ file, leftOut }) => file ?? leftOut)).toEqual([
      'attachments/1-a',
      'too-large',
      'attachments/3-c',
    ])
    expect(Object.values(contents).reduce((sum, { length }) => sum + length, 0)).toBe(9)
    expect(attachmentsSection(told).markup).toContain('1 of 3 files are not in this archive')
    expect((await readEvidenceFiles(files, blobs, 15)).told.filter(({ leftOut }) => leftOut)).toEqual([])
  })

  it('are told when the store has lost them, or has something else in their place', async () => {
    const files = [
      await attached('lost', 'lost'),
      await attached('swapped', 'swapped'),
      await attached('short', 'longer'),
      await attached('kept', 'kept'),
    ]
    rmSync(pathOf(files[0]!.hash))
    for (const [index, content] of [
      [1, 'sWapped'],
      [2, 'much longer'],
    ] as const) {
      const path = pathOf(files[index]!.hash)
      rmSync(path)
      writeFileSync(path, content)
    }
    const { told, contents } = await readEvidenceFiles(files, blobs)
    expect(told.map(({ leftOut }) => leftOut)).toEqual(['missing', 'damaged', 'damaged', undefined])
    expect(Object.keys(contents)).toEqual(['attachments/4-kept'])
    const page = attachmentsSection(told).markup
    expect(page).toContain('the store has no such content')
    expect(page).toContain('3 of 4 files are not in this archive')
  })

  it('that the store cannot give at the moment make no evidence', async () => {
    const file = await attached('one', 'a')
    const broken = { get: () => Promise.reject(new Error('away')) }
    await expect(readEvidenceFiles([file], broken)).rejects.toThrow('away')
  })
})
