import { Command, type CommandMetadata } from '#libs/event-sourcing'
import type { ApprovalPolicy } from '../../approvals/domain/defaults.js'
import type { ChangeSettings, RiskMatrix } from '../../changes/domain/defaults.js'
import type { Templates, WebhookEndpoint } from '../../notifications/domain/defaults.js'
import type { ProblemSettings } from '../../problems/domain/defaults.js'
import type {
  AlertMapping,
  AssignmentRule,
  CiClass,
  CiReconciliation,
  CiRelationType,
  CiWindow,
  EscalationRule,
  HoldReason,
  IncidentSettings,
  IncidentTemplate,
  MailIntake,
  MajorIncidentSettings,
  NamedCalendar,
  PriorityMatrix,
} from './settings.events.js'

/**
 * Each kind of setting is one stream, `settings-<id>`; the class knows the id, so that nothing is published to a stream
 * of another kind.
 */

/** By channel `import` a version with empty cells is taken as it is. */
export class PublishPriorityMatrix extends Command<'PublishPriorityMatrix', { matrix: PriorityMatrix }> {
  readonly type = 'PublishPriorityMatrix'
  constructor(data: { matrix: PriorityMatrix }, metadata: CommandMetadata) {
    super('priority-matrix', data, metadata)
  }
}

export class PublishAssignmentRules extends Command<
  'PublishAssignmentRules',
  { rules: readonly AssignmentRule[] }
> {
  readonly type = 'PublishAssignmentRules'
  constructor(data: { rules: readonly AssignmentRule[] }, metadata: CommandMetadata) {
    super('assignment-rules', data, metadata)
  }
}

export class PublishHoldReasons extends Command<'PublishHoldReasons', { reasons: readonly HoldReason[] }> {
  readonly type = 'PublishHoldReasons'
  constructor(data: { reasons: readonly HoldReason[] }, metadata: CommandMetadata) {
    super('hold-reasons', data, metadata)
  }
}

export class PublishIncidentSettings extends Command<
  'PublishIncidentSettings',
  { settings: IncidentSettings }
> {
  readonly type = 'PublishIncidentSettings'
  constructor(data: { settings: IncidentSettings }, metadata: CommandMetadata) {
    super('incident', data, metadata)
  }
}

export class PublishIncidentTemplates extends Command<
  'PublishIncidentTemplates',
  { templates: readonly IncidentTemplate[] }
> {
  readonly type = 'PublishIncidentTemplates'
  constructor(data: { templates: readonly IncidentTemplate[] }, metadata: CommandMetadata) {
    super('incident-templates', data, metadata)
  }
}

export class PublishMailIntake extends Command<'PublishMailIntake', { intake: MailIntake }> {
  readonly type = 'PublishMailIntake'
  constructor(data: { intake: MailIntake }, metadata: CommandMetadata) {
    super('mail-intake', data, metadata)
  }
}

export interface CustomFields {
  /** `incident`, ...: each kind of record has a stream of its own. */
  recordType: string
  schema: Record<string, unknown>
  filterable: readonly string[]
}

export class PublishCustomFields extends Command<'PublishCustomFields', CustomFields> {
  readonly type = 'PublishCustomFields'
  constructor(data: CustomFields, metadata: CommandMetadata) {
    super(`custom-fields-${data.recordType}`, data, metadata)
  }
}

export class PublishEscalationRules extends Command<
  'PublishEscalationRules',
  { rules: readonly EscalationRule[] }
> {
  readonly type = 'PublishEscalationRules'
  constructor(data: { rules: readonly EscalationRule[] }, metadata: CommandMetadata) {
    super('escalation-rules', data, metadata)
  }
}

export class PublishMajorIncidentSettings extends Command<
  'PublishMajorIncidentSettings',
  { settings: MajorIncidentSettings }
> {
  readonly type = 'PublishMajorIncidentSettings'
  constructor(data: { settings: MajorIncidentSettings }, metadata: CommandMetadata) {
    super('major-incident', data, metadata)
  }
}

export class PublishAlertMapping extends Command<'PublishAlertMapping', { mapping: AlertMapping }> {
  readonly type = 'PublishAlertMapping'
  constructor(data: { mapping: AlertMapping }, metadata: CommandMetadata) {
    super('alert-mapping', data, metadata)
  }
}

export class PublishNotificationTemplates extends Command<
  'PublishNotificationTemplates',
  { templates: Templates }
> {
  readonly type = 'PublishNotificationTemplates'
  constructor(data: { templates: Templates }, metadata: CommandMetadata) {
    super('notification-templates', data, metadata)
  }
}

export class PublishWebhooks extends Command<'PublishWebhooks', { endpoints: readonly WebhookEndpoint[] }> {
  readonly type = 'PublishWebhooks'
  constructor(data: { endpoints: readonly WebhookEndpoint[] }, metadata: CommandMetadata) {
    super('webhooks', data, metadata)
  }
}

export class PublishCiClasses extends Command<'PublishCiClasses', { classes: readonly CiClass[] }> {
  readonly type = 'PublishCiClasses'
  constructor(data: { classes: readonly CiClass[] }, metadata: CommandMetadata) {
    super('ci-classes', data, metadata)
  }
}

export class PublishCiRelationTypes extends Command<
  'PublishCiRelationTypes',
  { types: readonly CiRelationType[] }
> {
  readonly type = 'PublishCiRelationTypes'
  constructor(data: { types: readonly CiRelationType[] }, metadata: CommandMetadata) {
    super('ci-relation-types', data, metadata)
  }
}

export class PublishCiReconciliation extends Command<
  'PublishCiReconciliation',
  { reconciliation: CiReconciliation }
> {
  readonly type = 'PublishCiReconciliation'
  constructor(data: { reconciliation: CiReconciliation }, metadata: CommandMetadata) {
    super('ci-reconciliation', data, metadata)
  }
}

export class PublishCalendars extends Command<'PublishCalendars', { calendars: readonly NamedCalendar[] }> {
  readonly type = 'PublishCalendars'
  constructor(data: { calendars: readonly NamedCalendar[] }, metadata: CommandMetadata) {
    super('calendars', data, metadata)
  }
}

export class PublishMaintenanceWindows extends Command<
  'PublishMaintenanceWindows',
  { windows: readonly CiWindow[] }
> {
  readonly type = 'PublishMaintenanceWindows'
  constructor(data: { windows: readonly CiWindow[] }, metadata: CommandMetadata) {
    super('maintenance-windows', data, metadata)
  }
}

export class PublishBlackoutWindows extends Command<
  'PublishBlackoutWindows',
  { windows: readonly CiWindow[] }
> {
  readonly type = 'PublishBlackoutWindows'
  constructor(data: { windows: readonly CiWindow[] }, metadata: CommandMetadata) {
    super('blackout-windows', data, metadata)
  }
}

export class PublishApprovalPolicies extends Command<
  'PublishApprovalPolicies',
  { policies: readonly ApprovalPolicy[] }
> {
  readonly type = 'PublishApprovalPolicies'
  constructor(data: { policies: readonly ApprovalPolicy[] }, metadata: CommandMetadata) {
    super('approval-policies', data, metadata)
  }
}

export class PublishChangeRisk extends Command<'PublishChangeRisk', { matrix: RiskMatrix }> {
  readonly type = 'PublishChangeRisk'
  constructor(data: { matrix: RiskMatrix }, metadata: CommandMetadata) {
    super('change-risk', data, metadata)
  }
}

export class PublishChangeSettings extends Command<'PublishChangeSettings', { settings: ChangeSettings }> {
  readonly type = 'PublishChangeSettings'
  constructor(data: { settings: ChangeSettings }, metadata: CommandMetadata) {
    super('change', data, metadata)
  }
}

export class PublishProblemSettings extends Command<'PublishProblemSettings', { settings: ProblemSettings }> {
  readonly type = 'PublishProblemSettings'
  constructor(data: { settings: ProblemSettings }, metadata: CommandMetadata) {
    super('problem', data, metadata)
  }
}
