import { type Decider, Forbidden, InvalidInput } from '#libs/event-sourcing'
import type { DisposeFinding, RecordAuditRead } from './audit.commands.js'
import type { AuditDataRead, FindingDisposed } from './audit.events.js'

/** What was said of a finding last; undefined: nothing yet. */
export interface Disposed {
  readonly last?: FindingDisposed['data']
}

/** Judged by somebody who has no part in it; another verdict later stands beside the first. */
export const findingDecider: Decider<Disposed, DisposeFinding, FindingDisposed> = {
  streamPrefix: 'finding-',
  initial: {},
  decide({ data, metadata }, { last }) {
    if (data.persons.includes(metadata.actor)) {
      throw new Forbidden(
        'AUDIT.OWN_FINDING',
        'This finding is about what you did yourself: somebody else must judge it.',
      )
    }
    const comment = data.comment.trim()
    if (comment === '') {
      throw new InvalidInput('AUDIT.NO_COMMENT', 'Say why, for whoever reads it in years.', [
        { pointer: '/comment', message: 'is empty' },
      ])
    }
    if (last?.disposition === data.disposition && last.comment === comment) return []
    return [{ type: 'FindingDisposed', data: { ...data, comment } }]
  },
  evolve: (_, { data }) => ({ last: data }),
}

/** Reading audit data is itself on record, each time. */
export const auditReadDecider: Decider<object, RecordAuditRead, AuditDataRead> = {
  streamPrefix: 'auditread-',
  initial: {},
  decide: ({ data }) => [{ type: 'AuditDataRead', data }],
  evolve: (state) => state,
}
