import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { toPosition } from '#libs/event-sourcing'
import { isGone } from '../lease-owner.js'
import { LeaseHeld, LeaseLost } from '../read-store.js'
import { leaseOwner, openSqliteReadStore, type SqliteReadStore } from './index.js'

/** Of a process that has just ended, so that the id is not in use. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid
const mine = leaseOwner('projector')
const [host, ownProcess] = mine.split('/')

describe('an owner of a lease', () => {
  it('is gone when its process is', () => {
    expect(isGone(`${host}/${deadPid()}.m0/projector`, mine)).toBe(true)
    expect(isGone(`${host}/${process.ppid}.m0/projector`, mine)).toBe(false)
  })

  it('is gone when its process id is ours, and the process began at another time', () => {
    expect(isGone(`${host}/${process.pid}.m0/projector`, mine)).toBe(true)
    expect(isGone(`${host}/${ownProcess}/command-line`, mine)).toBe(false)
    expect(isGone(mine, mine)).toBe(false)
  })

  it('counts as alive when nobody can know', () => {
    expect(isGone(`not-${hostname()}/${deadPid()}.m0/projector`, mine)).toBe(false)
    expect(isGone('somebody', mine)).toBe(false)
    expect(isGone(`${host}/${deadPid()}.m0/projector`, 'somebody')).toBe(false)
  })
})

describe('the lease of a build', () => {
  let folder: string
  let store: SqliteReadStore
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-lease-'))
    store = openSqliteReadStore({ folder })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  const leaseMilliseconds = 60_000

  it('passes on at once when its owner is dead, which fences him all the same', async () => {
    const build = await store.createBuild({ projection: 'work_queue', version: 1 }, [])
    const dead = await store.openForWriting(build, { owner: `${host}/${deadPid()}.m0/a`, leaseMilliseconds })
    const heir = await store.openForWriting(build, { owner: mine, leaseMilliseconds })
    const checkpoint = { logId: 'l', position: toPosition(1), eventId: 'e' }
    await expect(dead.commit([], checkpoint)).rejects.toThrow(LeaseLost)
    await heir.commit([], checkpoint)
  })

  it('stays with an owner that is alive', async () => {
    const build = await store.createBuild({ projection: 'work_queue', version: 1 }, [])
    await store.openForWriting(build, { owner: `${host}/${process.ppid}.m0/a`, leaseMilliseconds })
    await expect(store.openForWriting(build, { owner: mine, leaseMilliseconds })).rejects.toThrow(LeaseHeld)
  })
})
