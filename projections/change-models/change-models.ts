import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { ChangeModelEvent } from '../../src/changes/domain/change-model.events.js'
import { DESK_READERS, wholeFor } from '../access.js'

/** A model of standard changes, as it is; its texts stand in its stream only. Times are ISO 8601 UTC. */
export interface ChangeModelEntry {
  id: string
  /** Of the latest revision. */
  title: string
  /** `draft`: nobody has approved a revision yet, or since the last was retired. */
  state: 'draft' | 'approved' | 'retired'
  /** The latest revision: who wrote it, and when. */
  revision: number
  author: string
  draftedAt: string
  /** The latest revision waits for somebody to approve it; absent: it does not. */
  awaitingApproval?: true
  /** The revision that changes follow, who approved it, and until when they may. */
  approvedRevision?: number
  approver?: string
  approvedAt?: string
  expiresAt?: string
  updatedAt: string
}

/** One document per model. */
export const changeModels = defineProjection<ChangeModelEntry, ChangeModelEvent>({
  name: 'change_models',
  version: 1,
  from: ['changemodel-'],
  key: ({ stream }) => stream,
  evolve(model, { type, data, stream, metadata: { occurredAt: at } }) {
    if (type === 'ChangeModelDrafted') {
      const { revision, author, content } = data
      const id = stream.slice('changemodel-'.length)
      const latest = { id, title: content.title, revision, author, draftedAt: at, updatedAt: at }
      const state = model?.state === 'approved' ? 'approved' : 'draft'
      return { ...model, ...latest, state, awaitingApproval: true }
    }
    if (model === undefined) return undefined
    switch (type) {
      case 'ChangeModelApproved': {
        const { revision: approvedRevision, approver, expiresAt } = data
        const approved = { approvedRevision, approver, approvedAt: at, expiresAt }
        return { ...model, ...approved, state: 'approved', awaitingApproval: undefined, updatedAt: at }
      }
      case 'ChangeModelRetired':
        return {
          ...model,
          ...NOT_APPROVED,
          state: model.awaitingApproval ? 'draft' : 'retired',
          updatedAt: at,
        }
      default:
        return model
    }
  },
  columns: {
    id: 'string',
    state: oneOf<ChangeModelEntry['state']>({ draft: true, approved: true, retired: true }),
    revision: 'integer',
    author: 'string',
    draftedAt: 'timestamp',
    awaitingApproval: 'boolean',
    approvedRevision: 'integer',
    approver: 'string',
    approvedAt: 'timestamp',
    expiresAt: 'timestamp',
    updatedAt: 'timestamp',
  },
  indexes: [['id'], ['updatedAt'], ['expiresAt'], ['state', 'expiresAt']],
  checked: [
    'revision',
    'author',
    'draftedAt',
    'awaitingApproval',
    'approvedRevision',
    'approver',
    'approvedAt',
  ],
  // How things are done here is for those who do them.
  ...wholeFor(DESK_READERS),
})

const NOT_APPROVED = {
  approvedRevision: undefined,
  approver: undefined,
  approvedAt: undefined,
  expiresAt: undefined,
} satisfies Partial<ChangeModelEntry>
