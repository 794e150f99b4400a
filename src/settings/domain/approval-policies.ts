import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import { type ApprovalPolicy, type ApproverSource, MATERIAL_FIELDS } from '../../approvals/domain/defaults.js'
import { nameErrors } from './setting-names.js'
import type { PublishApprovalPolicies } from './settings.commands.js'
import type { ApprovalPoliciesPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** Whether a stream has an event at all. */
const streamExists: StreamFold<boolean> = { initial: false, evolve: () => true }

/** By stream of the group or person: whether the directory knows it. */
export type KnownApprovers = Record<string, Fact<boolean>>

/** A year: a round that waits longer is a mistyped one. */
const MOST_HOURS = 8_760

/** Who approves what, and which of its fields the approval is bound to: the first policy that fits holds. */
export const approvalPoliciesDecider = versionedDecider<
  readonly ApprovalPolicy[],
  PublishApprovalPolicies,
  ApprovalPoliciesPublished,
  KnownApprovers
>({
  published: 'ApprovalPoliciesPublished',
  contentOf: ({ policies }) => policies,
  facts: ({ data: { policies } }) =>
    Object.fromEntries(
      policies
        .flatMap(({ approvers }) => approvers.map(streamOf))
        .flatMap((stream) => (stream === undefined ? [] : [[stream, fact(stream, streamExists)]])),
    ),
  check({ data: { policies } }, known) {
    const errors = policies.flatMap((policy, index) => [
      ...nameErrors('policies', index, policies),
      ...policyErrors(policy, `/policies/${index}`),
    ])
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.APPROVAL_POLICIES_MALFORMED',
        'The approval policies are not well formed',
        errors,
      )
    }
    requireKnown(policies, known)
    return { policies }
  },
})

function policyErrors(policy: ApprovalPolicy, pointer: string): FieldError[] {
  const { when, rule, approvers, expiresAfterHours: hours } = policy
  const errors: FieldError[] = []
  const wrong = (field: string, message: string) => errors.push({ pointer: `${pointer}/${field}`, message })
  for (const list of ['changeTypes', 'risks'] as const) {
    if (when[list]?.length === 0) wrong(`when/${list}`, 'is empty: leave it out instead')
  }
  if (rule.kind === 'n-of-m' && !(Number.isInteger(rule.n) && rule.n >= 1))
    wrong('rule/n', 'is needed: how many have to grant?')
  if (rule.kind !== 'n-of-m' && (rule as { n?: number }).n !== undefined)
    wrong('rule/n', `does not belong to the rule "${rule.kind}"`)
  if (approvers.length === 0) wrong('approvers', 'is empty: nobody could approve')
  if (hours !== null && !(Number.isInteger(hours) && hours >= 1 && hours <= MOST_HOURS))
    wrong('expiresAfterHours', `must be 1 to ${MOST_HOURS} whole hours, or null`)
  return [
    ...errors,
    ...approvers.flatMap((source, index) => sourceErrors(source, `${pointer}/approvers/${index}`)),
    ...unreachableErrors(policy, pointer),
    ...materialErrors(policy, `${pointer}/materialFields`),
  ]
}

function sourceErrors(source: ApproverSource, pointer: string): FieldError[] {
  const { kind, person, group } = source as { kind: ApproverSource['kind']; person?: string; group?: string }
  if (kind === 'person' && !person) return [{ pointer: `${pointer}/person`, message: 'is needed: who?' }]
  if (kind === 'person' && group !== undefined)
    return [{ pointer: `${pointer}/group`, message: 'does not belong to a person' }]
  return kind !== 'person' && person !== undefined
    ? [{ pointer: `${pointer}/person`, message: 'does not belong to a group' }]
    : []
}

/** Of people alone it is known how many there are; groups are counted when they are asked. */
function unreachableErrors({ rule, approvers }: ApprovalPolicy, pointer: string): FieldError[] {
  if (rule.kind !== 'n-of-m' || approvers.some(({ kind }) => kind !== 'person')) return []
  const people = new Set(approvers.map((source) => (source.kind === 'person' ? source.person : '')))
  return rule.n <= people.size
    ? []
    : [{ pointer: `${pointer}/rule/n`, message: `can't be met by ${people.size} approvers` }]
}

/** A mistyped field would leave the true one out of what the approval is bound to. */
function materialErrors({ subjectType, materialFields }: ApprovalPolicy, pointer: string): FieldError[] {
  const known = MATERIAL_FIELDS[subjectType]
  if (materialFields.length === 0)
    return [{ pointer, message: 'is empty: the approval would be bound to nothing' }]
  return materialFields.flatMap((field, index) => {
    if (!known.includes(field))
      return [{ pointer: `${pointer}/${index}`, message: `must be one of ${known.join(', ')}` }]
    return materialFields.indexOf(field) < index
      ? [{ pointer: `${pointer}/${index}`, message: 'stands twice' }]
      : []
  })
}

/** Undefined: the group that has the subject, which is known when asked. */
function streamOf(source: ApproverSource): string | undefined {
  if (source.kind === 'person') return `person-${source.person}`
  return source.group === undefined ? undefined : `group-${source.group}`
}

function requireKnown(policies: readonly ApprovalPolicy[], known: KnownApprovers): void {
  const errors = policies.flatMap(({ approvers }, policy) =>
    approvers.flatMap((source, index) => {
      const stream = streamOf(source)
      return stream === undefined || known[stream]?.value === true
        ? []
        : [
            {
              pointer: `/policies/${policy}/approvers/${index}/${source.kind === 'person' ? 'person' : 'group'}`,
              message: `the directory does not know ${stream}`,
            },
          ]
    }),
  )
  if (errors.length === 0) return
  throw new InvalidInput(
    'SETTINGS.APPROVER_UNKNOWN',
    'The approval policies name people or groups that do not exist: register them first',
    errors,
  )
}
