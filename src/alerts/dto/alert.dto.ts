import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Matches } from 'class-validator'
import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'
import { isInstant } from '#libs/platform/instant'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { closed, instant, listOf, mapOf, Page, text } from '../../http/record-view.js'

/** One alert of an Alertmanager's notification, as far as it is read. */
export interface AlertmanagerAlert {
  status: 'firing' | 'resolved'
  labels: Record<string, string>
  annotations?: Record<string, string>
  startsAt?: string
  endsAt?: string
  fingerprint?: string
}

/** Body of Alertmanager's webhook, version 4, as far as it is read (prometheus.io/docs/alerting/latest/configuration/#webhook_config). */
export interface AlertmanagerBody {
  groupKey: string
  status: 'firing' | 'resolved'
  truncatedAlerts?: number
  groupLabels?: Record<string, string>
  commonLabels?: Record<string, string>
  commonAnnotations?: Record<string, string>
  alerts: AlertmanagerAlert[]
}

const labels = mapOf(text)
const status = { type: 'string', enum: ['firing', 'resolved'] }

/** Somebody else's contract: what it says beyond this is let pass. */
export const ALERTMANAGER_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'As Alertmanager sends it; fields that are not described here are allowed, and not read.',
  properties: {
    version: { type: 'string', enum: ['4'] },
    groupKey: { type: 'string', minLength: 1, maxLength: 20_000 },
    status,
    truncatedAlerts: { type: 'integer', minimum: 0, maximum: 1_000_000_000 },
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: labels,
    alerts: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          status,
          labels,
          annotations: labels,
          startsAt: instant,
          endsAt: instant,
          fingerprint: { type: 'string', minLength: 1, maxLength: 200 },
        },
        required: ['status', 'labels'],
      },
    },
  },
  required: ['version', 'groupKey', 'status', 'alerts'],
}

let compiled: ValidateFunction<AlertmanagerBody> | undefined

/** Ajv and not a class: classes describe closed objects. Compiled with the first body, not whenever something starts. */
function alertmanagerCheck(): ValidateFunction<AlertmanagerBody> {
  const ajv = () => new Ajv2020({ allErrors: true, strict: false }).addFormat('date-time', isInstant)
  compiled ??= ajv().compile<AlertmanagerBody>(ALERTMANAGER_SCHEMA)
  return compiled
}

/** A storm's body may have the same mistake ten thousand times. */
const MOST_ERRORS = 50

/** @throws InvalidInput `REQUEST.INVALID`, naming each field that is wrong */
export function readAlertmanagerBody(body: unknown): AlertmanagerBody {
  const accepts = alertmanagerCheck()
  if (accepts(body)) return body
  const errors = (accepts.errors ?? [])
    .slice(0, MOST_ERRORS)
    .map(({ instancePath, message, params }): FieldError => {
      const missing = params.missingProperty === undefined ? '' : `/${params.missingProperty}`
      const allowed = params.allowedValues === undefined ? '' : `: ${params.allowedValues.join(', ')}`
      return { pointer: instancePath + missing, message: `${message ?? 'is not valid'}${allowed}` }
    })
  throw new InvalidInput(
    'REQUEST.INVALID',
    'This is no notification of Alertmanager’s webhook, version 4: see errors. POST /alerts takes the alerts of other senders.',
    errors,
  )
}

export class AlertmanagerQuery {
  @IsOptional()
  @Field(
    'Tells installations with alerts of the same keys apart; those of one cluster have the same.',
    'alertmanager-emea',
  )
  @Matches(/^[a-z0-9][a-z0-9.-]{0,99}$/)
  source?: string
}

const LABELS = {
  type: 'object',
  maxProperties: 100,
  additionalProperties: { type: 'string', maxLength: 1_000 },
  propertyNames: { type: 'string', minLength: 1, maxLength: 200 },
}

/** An alert of any sender. */
export class GenericAlert extends Reasoned {
  @Field('Which monitoring says so.', 'nagios') @Matches(/^[a-z0-9][a-z0-9.-]{0,99}$/) source!: string
  @Field('What stays the same while it is the same alert.', 'db-1/disk')
  @IsString()
  @Length(1, 1_000)
  key!: string
  @IsIn(['firing', 'resolved']) status!: 'firing' | 'resolved'
  @IsOptional()
  @Field('The mapping’s rules look at these.', { severity: 'critical', instance: 'db-1' })
  @Conforms(() => LABELS)
  labels?: Record<string, string>
  @IsOptional()
  @Field('Texts for people.', { summary: 'The disk of db-1 is full' })
  @Conforms(() => ({ ...LABELS, additionalProperties: { type: 'string', maxLength: 4_000 } }))
  annotations?: Record<string, string>
  @IsOptional() @Field('When it began to fire.') @IsInstant() startsAt?: string
  @IsOptional() @Field('When it cleared.') @IsInstant() endsAt?: string
}

/** What came of an Alertmanager's notification. */
export class AlertsReceived {
  @Field('Alerts that it was about, as the mapping counts them.', 1) @IsInt() alerts!: number
  @Field('Of these, those about which it said something new; a retry says nothing new.', 1)
  @IsInt()
  recorded!: number
  @Field('Place in the log up to which it is recorded.') @Matches(/^\d{20}$/) position!: string
}

export class AlertParams {
  @Matches(/^[0-9a-f-]{36}$/) id!: string
}

/** What lists of alerts take: those of now only. */
export class AlertsQuery extends listing(
  FreshnessQuery,
  'condition = "firing" AND firings > 3',
  'firstSeenAt desc',
) {}

/** An alert as it is. */
export class AlertView {
  @IsString() id!: string
  @IsString() source!: string
  @IsString() key!: string
  @IsIn(['group', 'fingerprint', 'sender']) keyedBy!: string
  @IsIn(['firing', 'cleared']) condition!: string
  @Conforms(() => labels) labels!: object
  @Conforms(() => labels) annotations!: object
  @Field('When it began to fire last, by the source’s clock.') @IsInstant() startsAt!: string
  @IsOptional() @IsInstant() clearedAt?: string
  @IsInstant() firstSeenAt!: string
  @IsInstant() lastSeenAt!: string
  @Field('Notifications that it fires, retries aside.', 12) @IsInt() count!: number
  @Field('How often it began to fire: what flaps has many.', 2) @IsInt() firings!: number
  @Field('How many alerts of the group fire.', 1) @IsInt() firing!: number
  @IsOptional() @Field('How many more the sender left out.') @IsInt() truncated?: number
  @IsOptional() @Field('Number of the latest incident.', 'INC0000001') @IsString() incident?: string
  @Field('Incidents so far.', 1) @IsInt() episodes!: number
  @IsOptional() @Field('True while an event of it could not be folded.') @IsBoolean() stale?: boolean
}

export class AlertPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/AlertView' }),
    () => [AlertView],
  )
  items!: AlertView[]
}

/** An alert with its latest events, the newest first. */
export class AlertWithHistory extends AlertView {
  @Field('The newest first; of all, the latest 100.')
  @Conforms(() => listOf(closed({ type: text, at: instant, data: { type: 'object' } })))
  history!: object[]
  @Matches(/^\d{20}$/) position!: string
}
