import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { CabAdvice, CabEvent } from '../../src/changes/domain/cab.events.js'
import { DESK_READERS, wholeFor } from '../access.js'
import { performer } from '../drafts.js'

/** What a meeting said of a change; without advice: it only stands on the agenda yet. */
export interface AgendaItem {
  change: string
  advice?: CabAdvice
  comment?: string
  at?: string
  by?: string
}

/** A meeting of the change advisory board, as it is. Times are ISO 8601 UTC. */
export interface CabMeetingEntry {
  id: string
  title: string
  status: 'scheduled' | 'closed'
  start: string
  end: string
  chair: string
  members: readonly string[]
  agenda: readonly AgendaItem[]
  /** Filterable form of the agenda. */
  changes?: readonly string[]
  minutes?: string
  closedAt?: string
}

/** One document per meeting. */
export const cabMeetings = defineProjection<CabMeetingEntry, CabEvent>({
  name: 'cab_meetings',
  version: 1,
  from: ['cab-'],
  key: ({ stream }) => stream,
  evolve(meeting, event) {
    const { data, type, stream, metadata } = event
    if (type === 'CabMeetingScheduled') {
      const { title, period, chair, members } = data
      const id = stream.slice('cab-'.length)
      return { id, title, status: 'scheduled', ...period, chair, members, agenda: [] }
    }
    if (meeting === undefined) return undefined
    const { agenda } = meeting
    switch (type) {
      case 'CabMeetingRescheduled':
        return { ...meeting, ...data.period }
      case 'CabAgendaItemAdded':
        return withAgenda(meeting, [...agenda, { change: data.change }])
      case 'CabAgendaItemRemoved':
        return withAgenda(
          meeting,
          agenda.filter(({ change }) => change !== data.change),
        )
      case 'CabAdviceGiven': {
        const { change, advice, comment } = data
        const said: AgendaItem = { change, advice, at: metadata.occurredAt, by: performer(event) }
        if (comment !== null) said.comment = comment
        return withAgenda(
          meeting,
          agenda.map((item) => (item.change === change ? said : item)),
        )
      }
      case 'CabMinutesRecorded':
        return { ...meeting, minutes: data.text }
      case 'CabMeetingClosed':
        return { ...meeting, status: 'closed', closedAt: metadata.occurredAt }
      default:
        return meeting
    }
  },
  columns: {
    id: 'string',
    status: oneOf<CabMeetingEntry['status']>({ scheduled: true, closed: true }),
    start: 'timestamp',
    end: 'timestamp',
    chair: 'string',
    members: 'strings',
    changes: 'strings',
    closedAt: 'timestamp',
  },
  indexes: [['start'], ['status', 'start']],
  checked: ['id', 'end', 'chair', 'closedAt'],
  // What the board says of a change is for those who work on it.
  ...wholeFor(DESK_READERS),
})

function withAgenda(meeting: CabMeetingEntry, agenda: readonly AgendaItem[]): CabMeetingEntry {
  return {
    ...meeting,
    agenda,
    changes: agenda.length > 0 ? agenda.map(({ change }) => change) : undefined,
  }
}

/** A meeting as answers show it. */
export function shownMeeting({ changes: _, ...meeting }: CabMeetingEntry, stale: boolean): object {
  return { ...meeting, ...(stale && { stale }) }
}
