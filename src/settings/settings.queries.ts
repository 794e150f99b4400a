import type { Decider, DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { alertMappingDecider } from './domain/alert-mapping.js'
import { approvalPoliciesDecider } from './domain/approval-policies.js'
import { assignmentRulesDecider } from './domain/assignment-rules.js'
import { calendarsDecider } from './domain/calendars.js'
import { changeRiskDecider, changeSettingsDecider } from './domain/change-settings.js'
import { ciClassesDecider } from './domain/ci-classes.js'
import { ciReconciliationDecider } from './domain/ci-reconciliation.js'
import { ciRelationTypesDecider } from './domain/ci-relation-types.js'
import { customFieldsDecider } from './domain/custom-fields.js'
import * as defaults from './domain/defaults.js'
import { escalationRulesDecider } from './domain/escalation-rules.js'
import { holdReasonsDecider } from './domain/hold-reasons.js'
import { incidentSettingsDecider } from './domain/incident-settings.js'
import { incidentTemplatesDecider } from './domain/incident-templates.js'
import { mailIntakeDecider } from './domain/mail-intake.js'
import { majorIncidentSettingsDecider } from './domain/major-incident-settings.js'
import { notificationTemplatesDecider } from './domain/notification-templates.js'
import { priorityMatrixDecider } from './domain/priority-matrix.js'
import { problemSettingsDecider } from './domain/problem-settings.js'
import { blackoutWindowsDecider, maintenanceWindowsDecider } from './domain/time-windows.js'
import type { SettingInForce } from './domain/versioned-setting.js'
import { webhooksDecider } from './domain/webhooks.js'

// biome-ignore lint/suspicious/noExplicitAny: a table of deciders with different contents
type SettingDecider = Decider<SettingInForce<any>, any, any, any>

/** Each setting: its rules, and what holds until something is published. */
const SETTINGS: Readonly<Record<string, { decider: SettingDecider; fallback: unknown }>> = {
  'priority-matrix': { decider: priorityMatrixDecider, fallback: defaults.DEFAULT_PRIORITY_MATRIX },
  'assignment-rules': { decider: assignmentRulesDecider, fallback: defaults.DEFAULT_ASSIGNMENT_RULES },
  'hold-reasons': { decider: holdReasonsDecider, fallback: defaults.DEFAULT_HOLD_REASONS },
  incident: { decider: incidentSettingsDecider, fallback: defaults.DEFAULT_INCIDENT_SETTINGS },
  'incident-templates': {
    decider: incidentTemplatesDecider,
    fallback: defaults.DEFAULT_INCIDENT_TEMPLATES,
  },
  'mail-intake': { decider: mailIntakeDecider, fallback: defaults.DEFAULT_MAIL_INTAKE },
  'custom-fields-incident': { decider: customFieldsDecider, fallback: defaults.DEFAULT_CUSTOM_FIELDS },
  'custom-fields-problem': { decider: customFieldsDecider, fallback: defaults.DEFAULT_CUSTOM_FIELDS },
  'custom-fields-change': { decider: customFieldsDecider, fallback: defaults.DEFAULT_CUSTOM_FIELDS },
  'escalation-rules': { decider: escalationRulesDecider, fallback: defaults.DEFAULT_ESCALATION_RULES },
  'major-incident': {
    decider: majorIncidentSettingsDecider,
    fallback: defaults.DEFAULT_MAJOR_INCIDENT_SETTINGS,
  },
  'alert-mapping': { decider: alertMappingDecider, fallback: defaults.DEFAULT_ALERT_MAPPING },
  'notification-templates': { decider: notificationTemplatesDecider, fallback: defaults.DEFAULT_TEMPLATES },
  webhooks: { decider: webhooksDecider, fallback: defaults.DEFAULT_WEBHOOKS },
  'ci-classes': { decider: ciClassesDecider, fallback: defaults.DEFAULT_CI_CLASSES },
  'ci-relation-types': { decider: ciRelationTypesDecider, fallback: defaults.DEFAULT_CI_RELATION_TYPES },
  'ci-reconciliation': { decider: ciReconciliationDecider, fallback: defaults.DEFAULT_CI_RECONCILIATION },
  calendars: { decider: calendarsDecider, fallback: defaults.DEFAULT_CALENDARS },
  'maintenance-windows': {
    decider: maintenanceWindowsDecider,
    fallback: defaults.DEFAULT_MAINTENANCE_WINDOWS,
  },
  'blackout-windows': { decider: blackoutWindowsDecider, fallback: defaults.DEFAULT_BLACKOUT_WINDOWS },
  'approval-policies': { decider: approvalPoliciesDecider, fallback: defaults.DEFAULT_APPROVAL_POLICIES },
  'change-risk': { decider: changeRiskDecider, fallback: defaults.DEFAULT_RISK_MATRIX },
  change: { decider: changeSettingsDecider, fallback: defaults.DEFAULT_CHANGE_SETTINGS },
  problem: { decider: problemSettingsDecider, fallback: defaults.DEFAULT_PROBLEM_SETTINGS },
}

interface SettingNow {
  name: string
  /** 0: the default. */
  version: number
  content: unknown
  /** Its first publication can be guarded by -1. */
  revision: number
}

/** A setting in force now, and its version. */
export async function readSetting(
  { name }: { name: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const setting = await settingNow(name, eventStore)
  return { json: JSON.stringify(setting), etag: setting.revision }
}

/** Which settings there are, and in which version each is in force now. */
export async function listSettings(
  _: Record<never, never>,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const settings = await Promise.all(Object.keys(SETTINGS).map((name) => settingNow(name, eventStore)))
  const items = settings.map(({ content: _, ...setting }) => setting)
  return { json: JSON.stringify({ items }) }
}

async function settingNow(name: string, eventStore: QueryDependencies['eventStore']): Promise<SettingNow> {
  const { decider, fallback } = SETTINGS[name]!
  const events = (await eventStore.readStream(`settings-${name}`)) as RecordedEvent<DomainEvent>[]
  const inForce = events.reduce(decider.evolve, decider.initial) as SettingInForce<unknown>
  const { version, content } = inForce
  return { name, version, content: content ?? fallback, revision: events.length - 1 }
}
