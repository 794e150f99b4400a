import {
  canonicalHash,
  canonicalJson,
  type Decider,
  type FieldError,
  InvalidInput,
  NotFound,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import type { ApproveChangeModel, ChangeModelCommand, DraftChangeModel } from './change-model.commands.js'
import { type ChangeModelContent, type ChangeModelEvent, FREE_FIELDS } from './change-model.events.js'

export interface ApprovedRevision {
  readonly revision: number
  readonly content: ChangeModelContent
  readonly expiresAt: string
  readonly approver: string
}
/** A model's latest revision, and the one that is approved. */
export interface ChangeModel {
  readonly draft: {
    readonly revision: number
    readonly content: ChangeModelContent
    readonly author: string
  } | null
  readonly approved: ApprovedRevision | null
}
export const NO_MODEL: ChangeModel = { draft: null, approved: null }

export const changeModelDecider: Decider<ChangeModel, ChangeModelCommand, ChangeModelEvent> = {
  streamPrefix: 'changemodel-',
  initial: NO_MODEL,
  evolve: evolveModel,
  decide(command, model) {
    switch (command.type) {
      case 'DraftChangeModel':
        return draft(command, model)
      case 'ApproveChangeModel':
        return approve(command, model)
      case 'RetireChangeModel':
        return model.approved === null
          ? []
          : [{ type: 'ChangeModelRetired', data: { revision: model.approved.revision } }]
    }
  },
}

export function evolveModel(model: ChangeModel, event: RecordedEvent<ChangeModelEvent>): ChangeModel {
  switch (event.type) {
    case 'ChangeModelDrafted':
      return { ...model, draft: event.data }
    case 'ChangeModelApproved': {
      const { revision, expiresAt, approver } = event.data
      if (model.draft?.revision !== revision) return model
      return { ...model, approved: { revision, content: model.draft.content, expiresAt, approver } }
    }
    case 'ChangeModelRetired':
      return { ...model, approved: null }
    default:
      return model
  }
}

function draft(
  { data: { content }, metadata: { actor } }: DraftChangeModel,
  model: ChangeModel,
): readonly ChangeModelEvent[] {
  const errors = contentErrors(content)
  if (errors.length > 0)
    throw new InvalidInput('CHANGE_MODEL.MALFORMED', 'The model is not well formed.', errors)
  if (model.draft !== null && canonicalJson(model.draft.content) === canonicalJson(content)) return []
  const revision = (model.draft?.revision ?? 0) + 1
  return [{ type: 'ChangeModelDrafted', data: { revision, content, author: actor } }]
}

function contentErrors(content: ChangeModelContent): FieldError[] {
  const { variables, freeFields, longestMinutes } = content
  const texts = (['title', 'implementation', 'backout', 'test'] as const).map((field) => ({
    field,
    text: content[field],
  }))
  const names = variables.map(({ name }) => name)
  return [
    ...texts.filter(({ text }) => text.trim() === '').map(({ field }) => wrong(field, 'must not be empty')),
    ...texts.flatMap(({ field, text }) =>
      placeholdersOf(text)
        .filter((name) => !names.includes(name))
        .map((name) => wrong(field, `names {{${name}}}, which is no variable`)),
    ),
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index ? [wrong(`variables/${index}/name`, 'stands twice')] : [],
    ),
    ...freeFields
      .filter((field) => !FREE_FIELDS.includes(field))
      .map((field) => wrong('freeFields', `"${field}" must be one of ${FREE_FIELDS.join(', ')}`)),
    ...(freeFields.includes('window')
      ? []
      : [wrong('freeFields', 'must have "window": no two changes have the same')]),
    ...(longestMinutes === null || (Number.isInteger(longestMinutes) && longestMinutes > 0)
      ? []
      : [wrong('longestMinutes', 'must be a whole number of minutes, or null')]),
  ]
}

const wrong = (field: string, message: string): FieldError => ({ pointer: `/content/${field}`, message })

function approve(
  { data: { revision, expiresAt }, metadata: { actor, occurredAt } }: ApproveChangeModel,
  { draft, approved }: ChangeModel,
): readonly ChangeModelEvent[] {
  if (draft === null)
    throw new NotFound('CHANGE_MODEL.UNKNOWN', 'There is no change model with this id: draft it first.')
  if (draft.revision !== revision)
    throw new Refused(
      'CHANGE_MODEL.REVISION_OVER',
      `Its latest revision is ${draft.revision}: read that one.`,
      {
        revision: draft.revision,
      },
    )
  const until = Date.parse(expiresAt)
  if (Number.isNaN(until) || new Date(until).toISOString() <= occurredAt)
    throw new InvalidInput('CHANGE_MODEL.EXPIRY_MALFORMED', 'Say until when it is approved.', [
      { pointer: '/expiresAt', message: 'must be an ISO 8601 time to come' },
    ])
  if (draft.author === actor)
    throw new Refused('CHANGE_MODEL.OWN', 'Nobody approves her own model: ask somebody else.')
  const expires = new Date(until).toISOString()
  if (approved?.revision === revision && approved.expiresAt === expires) return []
  const hash = canonicalHash(draft.content)
  return [{ type: 'ChangeModelApproved', data: { revision, hash, approver: actor, expiresAt: expires } }]
}

const PLACEHOLDER = /\{\{([A-Za-z][A-Za-z0-9_-]*)\}\}/g

function placeholdersOf(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!)
}

/** A text with its variables filled in. */
export function filledIn(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => variables[name] ?? whole)
}
