import { NotFound, Unavailable } from '#libs/event-sourcing'
import type { ProjectionStatus } from '#libs/projections-runtime'
import { InMemoryReadStore } from '#libs/testing'
import { DistantProjector } from './distant-projector.js'
import type { ProjectorStatus } from './projector.js'
import { NOTES, type NotingProjector, ProjectorNotes } from './projector-notes.js'

function standing(projection: string, state: ProjectionStatus['state'], position: string): ProjectionStatus {
  const build = { projection, version: 1, build: 1, status: 'live', kind: 'projection' } as const
  return { ...build, state, position, lagSeconds: 0, handled: 0, parkedKeys: 0, message: `${state} here` }
}

describe('A projector in another process', () => {
  let store: InMemoryReadStore
  let now: number
  let distant: DistantProjector
  beforeEach(() => {
    store = new InMemoryReadStore()
    now = Date.parse('2026-01-01T00:00:00Z')
    distant = new DistantProjector(store, () => now)
  })

  /** A projector that feeds some projections. */
  function notesOf(owner: string, feeds: readonly string[], retryParked?: NotingProjector['retryParked']) {
    const status = async (): Promise<ProjectorStatus> => ({
      projections: ['work_queue', 'incident_details'].map((name) =>
        standing(name, feeds.includes(name) ? 'following' : 'standby', owner),
      ),
      policies: [],
    })
    const retry: NotingProjector['retryParked'] = async (projection) => {
      if (!feeds.includes(projection)) throw new Unavailable('PROJECTION.NOT_HERE', 'elsewhere')
      return { replayed: 1, stillParked: [] }
    }
    return new ProjectorNotes(store, owner, { status, retryParked: retryParked ?? retry }, () => now)
  }

  it('is told of by whoever feeds each read model', async () => {
    await notesOf('a', ['work_queue']).report()
    await notesOf('b', ['incident_details']).report()
    const { projections } = await distant.projectorStatus()
    expect(projections.map(({ projection, state, position }) => [projection, state, position])).toEqual([
      ['work_queue', 'following', 'a'],
      ['incident_details', 'following', 'b'],
    ])
    expect(await distant.checks()['read models']?.()).toBeUndefined()
  })

  it('that falls silent, or goes, is missing', async () => {
    const missing = () => distant.checks()['read models']?.()
    await expect(missing()).rejects.toMatchObject({
      code: 'PROJECTOR.AWAY',
      message: expect.stringContaining('LEDGERDESK_ROLE=projector'),
    })
    const notes = notesOf('a', ['work_queue'])
    await notes.report()
    expect(await missing()).toBeUndefined()
    now += 16_000
    await expect(missing()).rejects.toMatchObject({ code: 'PROJECTOR.AWAY' })
    await notes.report()
    expect(await missing()).toBeUndefined()
    await notes.end()
    await expect(missing()).rejects.toMatchObject({ code: 'PROJECTOR.AWAY' })
  })

  it('that has stopped says why', async () => {
    const projections = [standing('work_queue', 'stopped', 'x')]
    await store.putNote(`${NOTES.report}a`, {
      at: new Date(now).toISOString(),
      status: { projections, policies: [] },
    })
    expect(await distant.checks()['read models']?.()).toBe('stopped here')
  })

  it('that tries everything again in vain is not well; one read model alone stops nobody', async () => {
    const told = async (...states: ProjectionStatus['state'][]) => {
      const projections = states.map((state, i) => standing(`p${i}`, state, 'x'))
      await store.putNote(`${NOTES.report}a`, {
        at: new Date(now).toISOString(),
        status: { projections, policies: [] },
      })
      return distant.checks()['read models']?.()
    }
    expect(await told('retrying', 'retrying')).toContain('no read model gets on')
    expect(await told('retrying', 'following')).toBeUndefined()
  })

  /** Has projectors look around until what was wished for is answered. */
  async function whileLooking<T>(projectors: readonly ProjectorNotes[], wish: Promise<T>): Promise<T> {
    let settled = false
    const end = () => {
      settled = true
    }
    wish.then(end, end)
    while (!settled) {
      for (const notes of projectors) await notes.takeUpWishes()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return wish
  }

  it('folds parked events again when it has the lease, and leaves others’ wishes alone', async () => {
    const asked: string[] = []
    const other = notesOf('a', ['work_queue'])
    const feeder = notesOf('b', [], async (projection, key) => {
      asked.push(`${projection} ${key}`)
      return { replayed: 3, stillParked: [] }
    })
    const retried = whileLooking([other, feeder], distant.retryParked('incident_details', 'incident-INC1'))
    expect(await retried).toEqual({ replayed: 3, stillParked: [] })
    expect(asked).toEqual(['incident_details incident-INC1'])
    expect(await store.notes('retry-')).toEqual(new Map())
  })

  it('tells what went wrong', async () => {
    const failing = notesOf('a', [], async () => {
      throw new NotFound('PROJECTION.UNKNOWN', 'There is none')
    })
    const retried = whileLooking([failing], distant.retryParked('none'))
    await expect(retried).rejects.toBeInstanceOf(NotFound)
    await expect(retried).rejects.toMatchObject({ code: 'PROJECTION.UNKNOWN', message: 'There is none' })
  })

  it('clears away what nobody waits for any more', async () => {
    await store.putNote(`${NOTES.wish}1`, { at: new Date(now).toISOString(), projection: 'work_queue' })
    await store.putNote(`${NOTES.answer}2`, { at: new Date(now).toISOString() })
    const notes = notesOf('a', ['work_queue'])
    now += 61_000
    await notes.takeUpWishes()
    await notes.tidyUp()
    expect(await store.notes('')).toEqual(new Map())
  })

  it('builds anew what is asked for, and knows its projections', async () => {
    await distant.rebuild('work_queue')
    await distant.rebuild('work_queue')
    expect((await store.builds()).map(({ projection, status }) => [projection, status])).toEqual([
      ['work_queue', 'live'],
      ['work_queue', 'building'],
    ])
    await expect(distant.rebuild('none')).rejects.toMatchObject({ code: 'PROJECTION.UNKNOWN' })
  })
})
