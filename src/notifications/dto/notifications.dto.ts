import { IsIn, IsInt, IsOptional, IsString, IsUUID } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { DELIVERY_STATES } from '#projections/notifications/notifications'
import { Reasoned } from '../../http/reasoned.js'
import { closed, integer, Page, text } from '../../http/record-view.js'
import { KINDS } from '../domain/defaults.js'
import { CHANNELS } from '../domain/notification.events.js'

export class NotificationParams {
  @Field('Id of a notification.', '00000000-0000-5000-8000-000000000000')
  @IsUUID()
  id!: string
}

/** A message to one recipient, and what became of it. */
export class NotificationView {
  @IsUUID() id!: string
  @IsIn(DELIVERY_STATES as readonly string[] as string[]) state!: string
  @IsIn(KINDS as readonly string[] as string[]) kind!: string
  @IsIn(CHANNELS as readonly string[] as string[]) channel!: string
  @Field('Directory id; of a webhook, the endpoint’s name.', 'agent') @IsString() recipient!: string
  @Field('Why it goes to this recipient.', { relation: 'member', group: 'Group 70' })
  @Conforms(() => closed({ relation: text, group: text, leftOut: integer }, ['relation']))
  reason!: object
  @Field('Number of the record.', 'INC0000001') @IsString() record!: string
  @IsOptional() @IsString() subject?: string
  @IsInstant() queuedAt!: string
  @IsInstant() updatedAt!: string
  @IsInt() attempts!: number
  @IsOptional() @IsInstant() nextAttemptAt?: string
  @IsOptional() @IsInstant() deliveredAt?: string
  @IsOptional() @Field('Of the last attempt that failed.') @IsString() error?: string
  @IsOptional() @IsString() suppressedBecause?: string
}

export class NotificationsPage extends Page {
  @Conforms(
    () => ({ type: 'array', items: { $ref: '#/components/schemas/NotificationView' } }),
    () => [NotificationView],
  )
  items!: NotificationView[]
}

const PREFERENCES = {
  type: 'object',
  additionalProperties: { type: 'array', items: { type: 'string', enum: ['email'] }, maxItems: 1 },
}

export class PreferencesDto extends Reasoned {
  @Field('By kind the channels; `[]` for not at all; a kind that is not there comes by all.', {
    'comment-added': [],
  })
  @Conforms(() => PREFERENCES)
  preferences!: Record<string, 'email'[]>
}

export class PreferencesView {
  @Conforms(() => PREFERENCES) preferences!: object
  @Field('Its ETag; -1: nothing has been set.') @IsInt() revision!: number
}
