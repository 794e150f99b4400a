import { commandMetadata, recorded, type ToldEvent } from '#libs/testing'
import * as commands from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { INCIDENT_RIGHTS, requesterMay } from './incident.rights.js'
import { evolve, type IncidentRecord, NOT_OPENED } from './incident.state.js'

const NUMBER = 'INC0000001'
const metadata = commandMetadata()
const record = (...more: IncidentEvent[]): IncidentRecord => {
  const opened: ToldEvent<IncidentEvent> = {
    type: 'IncidentOpened',
    data: {
      title: 'x',
      caller: 'carl',
      affectedUser: 'anna',
      openedBy: 'olga',
      audience: { kind: 'public' },
    },
  }
  const watched: IncidentEvent = { type: 'WatcherAdded', data: { person: 'wim' } }
  return recorded(`incident-${NUMBER}`, [opened, watched, ...more]).reduce(
    evolve,
    NOT_OPENED as IncidentRecord,
  )
}
const resolved: IncidentEvent = {
  type: 'IncidentResolved',
  data: { code: 'x', notes: 'x', resolvedBy: null },
}

describe('rights of requesters', () => {
  it('every command has its row', () => {
    const names = commands.INCIDENT_COMMANDS.map((Class) => Class.name)
    expect(Object.keys(INCIDENT_RIGHTS).sort()).toEqual(names.sort())
  })

  it('opens for herself, into no queue of her choice', () => {
    const may = (data: commands.OpenIncidentData) =>
      requesterMay(new commands.OpenIncident(undefined, data, metadata), 'carl', NOT_OPENED)
    expect(may({ title: 'x' })).toBe(true)
    expect(may({ title: 'x', caller: 'carl' })).toBe(true)
    expect(may({ title: 'x', caller: 'anna' })).toBe(false)
    expect(may({ title: 'x', assignmentGroup: 'network' })).toBe(false)
    expect(may({ title: 'x', audience: { kind: 'public' } })).toBe(false)
  })

  it('comments on records that she has to do with, and on no others', () => {
    const may = (person: string) =>
      requesterMay(new commands.AddComment(NUMBER, { text: 'x' }, metadata), person, record())
    expect(['carl', 'anna', 'olga', 'wim'].map(may)).toEqual([true, true, true, true])
    expect(may('eve')).toBe(false)
    const forOthers = new commands.AddComment(NUMBER, { text: 'x', forChildren: true }, metadata)
    expect(requesterMay(forOthers, 'carl', record())).toBe(false)
    expect(requesterMay(new commands.AddComment(NUMBER, { text: 'x' }, metadata), 'carl', NOT_OPENED)).toBe(
      false,
    )
  })

  it('reopens and closes her own while Resolved, cancels while New; watching is not owning', () => {
    const reopen = new commands.Reopen(NUMBER, {}, metadata)
    const close = new commands.Close(NUMBER, {}, metadata)
    const cancel = new commands.Cancel(NUMBER, { code: 'withdrawn' }, metadata)
    for (const command of [reopen, close]) {
      expect(requesterMay(command, 'carl', record(resolved))).toBe(true)
      expect(requesterMay(command, 'carl', record())).toBe(false)
      expect(requesterMay(command, 'wim', record(resolved))).toBe(false)
    }
    expect(requesterMay(cancel, 'carl', record())).toBe(true)
    expect(requesterMay(cancel, 'carl', record({ type: 'WorkStarted', data: {} }))).toBe(false)
  })

  it('may ask again for what is done, so that it is told to her instead of refused', () => {
    const [closed, canceled] = [
      record(resolved, { type: 'IncidentClosed', data: { cause: 'caller' } }),
      record({ type: 'IncidentCanceled', data: { code: 'withdrawn', notes: null } }),
    ]
    expect(requesterMay(new commands.Close(NUMBER, {}, metadata), 'carl', closed)).toBe(true)
    expect(requesterMay(new commands.Reopen(NUMBER, {}, metadata), 'carl', closed)).toBe(true)
    const cancel = new commands.Cancel(NUMBER, { code: 'withdrawn' }, metadata)
    expect(requesterMay(cancel, 'carl', canceled)).toBe(true)
    expect(requesterMay(cancel, 'carl', closed)).toBe(false)
  })

  it('watches only herself, attaches only what all may see', () => {
    const watch = (person: string) =>
      requesterMay(new commands.AddWatcher(NUMBER, { person }, metadata), 'carl', record())
    expect([watch('carl'), watch('eve')]).toEqual([true, false])
    const attach = (visibility: 'public' | 'internal') => {
      const file = { hash: 'a', name: 'x', contentType: 'x', size: 1, visibility }
      return requesterMay(new commands.AttachFile(NUMBER, file, metadata), 'carl', record())
    }
    expect([attach('public'), attach('internal')]).toEqual([true, false])
  })

  it('does no agent’s work', () => {
    const assign = new commands.AssignToGroup(NUMBER, { group: 'network' }, metadata)
    expect(requesterMay(assign, 'carl', record())).toBe(false)
    expect(requesterMay(new commands.AddWorkNote(NUMBER, { text: 'x' }, metadata), 'carl', record())).toBe(
      false,
    )
    expect(INCIDENT_RIGHTS.RemindCaller.roles).toEqual([])
  })
})
