import { recorded } from '#libs/testing'
import type { IncidentAsTold, ToldEvent } from './incident-as-told.js'
import { incidentAsTold } from './incident-as-told.js'
import { isTold, noticesOf } from './recipients.js'

const incident: IncidentAsTold = {
  title: 'Mail',
  state: 'In Progress',
  caller: 'carl',
  watchers: ['wendy'],
  group: 'Network',
  assignee: 'ann',
  audience: { kind: 'public' },
}
const told = (event: ToldEvent, known: Partial<IncidentAsTold> = {}, by = ['ann']) =>
  noticesOf(event, { ...incident, ...known }, by).flatMap(({ kind, to, detail }) =>
    to.map((addressee) => `${kind} → ${Object.values(addressee)[0]}${detail ? `: ${detail}` : ''}`),
  )

it('tells each whom it concerns', () => {
  expect(told({ type: 'CommentAdded', data: { text: 'Hello' } })).toEqual([
    'comment-added → carl: Hello',
    'watched-record-changed → wendy: Hello',
  ])
  expect(told({ type: 'CommentAdded', data: { text: 'Hello' } }, { openedBy: 'ann' })[0]).toBe(
    'comment-added → carl: Hello',
  )
  expect(told({ type: 'CommentAdded', data: { text: 'Hello' } }, {}, ['carl'])[0]).toBe(
    'caller-replied → ann: Hello',
  )
  expect(told({ type: 'CommentAdded', data: { text: 'x' } }, { assignee: undefined }, ['carl'])[0]).toBe(
    'caller-replied → Network: x',
  )
  expect(told({ type: 'AssignedToPerson', data: { person: 'ben', previousPerson: null } })).toEqual([
    'assigned-to-me → ben',
  ])
  expect(told({ type: 'IncidentEscalated', data: { kind: 'hierarchical', informed: 'lea' } })).toEqual([
    'escalated → lea',
  ])
})

it('tells whoever works on it what a watcher says, or who opened it', () => {
  const comment: ToldEvent = { type: 'CommentAdded', data: { text: 'x' } }
  const others = ['comment-added → carl: x', 'watched-record-changed → wendy: x']
  for (const outsider of ['wendy', 'olga'])
    expect(told(comment, { openedBy: 'olga' }, [outsider])).toEqual([
      'comment-added → carl: x',
      'comment-added → ann: x',
      'watched-record-changed → wendy: x',
    ])
  expect(told(comment, { assignee: undefined }, ['wendy'])).toContain('comment-added → Network: x')
  expect(told(comment, { openedBy: 'olga' }, ['colleague'])).toEqual(others)
})

it('tells a group only of what still waits in its queue', () => {
  const toNetwork: ToldEvent = {
    type: 'AssignedToGroup',
    data: { group: 'Network', previousGroup: null, previousPerson: null },
  }
  expect(told(toNetwork, { assignee: undefined })).toEqual(['assigned-to-group → Network'])
  expect(told(toNetwork)).toEqual([])
  expect(told(toNetwork, { assignee: undefined, group: 'Desk' })).toEqual([])
})

it('asks the caller what is meant for him alone, and reminds him of it', () => {
  const held = (awaitsCaller: boolean): ToldEvent => ({
    type: 'IncidentHeld',
    data: { hold: { reason: 'r', comment: 'Which printer?' }, listVersion: 0, awaitsCaller },
  })
  expect(told(held(true))).toEqual(['awaiting-caller → carl: Which printer?'])
  expect(told(held(false))).toEqual([])
  const opened: ToldEvent = {
    type: 'IncidentOpened',
    data: { title: 'Mail', caller: 'carl', audience: { kind: 'public' } },
  }
  const reminded: ToldEvent = { type: 'CallerReminded', data: { count: 1 } }
  const story = recorded<ToldEvent>('incident-INC0000001', [opened, held(true)])
  const after = story.reduce(incidentAsTold.evolve, incidentAsTold.initial)
  expect(told(reminded, after)).toEqual(['caller-reminder → carl: Which printer?'])
})

it('tells internal updates of a major incident to the desk alone', () => {
  const update = (visibility: 'internal' | 'public'): ToldEvent => ({
    type: 'MajorIncidentUpdatePosted',
    data: { text: 'x', visibility },
  })
  const manager = { majorIncidentManager: 'mia' }
  expect(told(update('internal'), manager)).toEqual([
    'major-incident-internal-update → mia: x',
    'major-incident-internal-update → ann: x',
  ])
  expect(told(update('public'), manager)).toContain('major-incident-update → carl: x')
})

it('never tells of work notes, save of what helps by the problem behind it', () => {
  const note: ToldEvent = { type: 'WorkNoteAdded', data: { text: 'x' } }
  expect(isTold(note)).toBe(false)
  expect(told(note)).toEqual([])
  const workaroundOf = { problem: 'PRB0000001', number: 1 }
  const workaround: ToldEvent = { type: 'WorkNoteAdded', data: { text: 'Restart', workaroundOf } }
  expect(isTold(workaround)).toBe(true)
  expect(told(workaround)).toEqual(['workaround-known → ann: Restart'])
})
