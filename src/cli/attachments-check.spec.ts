import { Readable } from 'node:stream'
import { type BlobStore, DamagedBlob } from '#libs/blob-store'
import { Unavailable } from '#libs/event-sourcing'
import { appendEvents, InMemoryEventStore } from '../../libs/testing/index.js'
import { checkAttachments } from './attachments-check.js'

const attached = (hash: string) => ({
  type: 'AttachmentAdded',
  data: { hash, name: 'screen.txt', contentType: 'text/plain', size: 5, visibility: 'public' },
})
const received = (hash: string) => ({ type: 'MailReceived', data: { hash, size: 5 } })

describe('the check of the attachments that a log names', () => {
  let log: InMemoryEventStore
  beforeEach(() => {
    log = new InMemoryEventStore()
  })

  /** Blobs that are there, all whole, and what was read of them. */
  function blobs(...hashes: string[]) {
    const read: string[] = []
    const get: BlobStore['get'] = async (hash) => {
      read.push(hash)
      if (!hashes.includes(hash)) throw new Unavailable('BLOB_STORE.UNAVAILABLE', 'away')
      return Readable.from(['hello'])
    }
    return { read, get }
  }

  it('reads content that several records name once', async () => {
    await appendEvents(log, 'incident-INC0000001', [attached('a')])
    await appendEvents(log, 'change-CHG0000001', [
      { type: 'ChangeFileAttached', data: { hash: 'a', size: 5 } },
    ])
    await appendEvents(log, 'mail-1', [received('b')])
    // Not the hash of a blob
    await appendEvents(log, 'person-ann', [{ type: 'ApiTokenIssued', data: { hash: 'c' } }])
    const whole = blobs('a', 'b')
    const shown: [number, number][] = []
    const checked = await checkAttachments(log, whole, (...progress) => shown.push(progress))
    expect(checked).toEqual({ named: 3, faulty: 0, findings: [] })
    expect(whole.read).toEqual(['a', 'b'])
    expect(shown).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
  })

  it('names every record that lacks its content, at most 20 of them', async () => {
    const damaged = {
      get: async (hash: string) =>
        Readable.from(
          (async function* () {
            yield 'hallo'
            throw new DamagedBlob(hash)
          })(),
        ),
    }
    for (let n = 100; n < 125; n++) await appendEvents(log, `incident-INC0000${n}`, [attached('a')])
    const { named, faulty, findings } = await checkAttachments(log, damaged)
    expect({ named, faulty, told: findings.length }).toEqual({ named: 25, faulty: 25, told: 20 })
    expect(findings[1]).toEqual({
      rule: 'ATTACHMENT.DAMAGED',
      message: 'stream incident-INC0000101 names a, whose content is another now',
    })
  })

  it('goes on behind content that the medium cannot read', async () => {
    await appendEvents(log, 'incident-INC0000001', [attached('a'), attached('b')])
    const get: BlobStore['get'] = async (hash) => {
      if (hash === 'a') throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
      return Readable.from(['hello'])
    }
    expect(await checkAttachments(log, { get })).toEqual({
      named: 2,
      faulty: 1,
      findings: [
        {
          rule: 'ATTACHMENT.UNREADABLE',
          message: 'stream incident-INC0000001 names a: EIO: i/o error, read',
        },
      ],
    })
  })

  it('blames no record for a server that is away', async () => {
    await appendEvents(log, 'incident-INC0000001', [attached('a')])
    await expect(checkAttachments(log, blobs())).rejects.toThrow(Unavailable)
  })
})
