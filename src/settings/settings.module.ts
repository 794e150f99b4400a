import { type AnyRecordType, onlyFor } from '#libs/command-handling'
import { deciderHandlers } from '#libs/command-handling/nest'
import type { Decider } from '#libs/event-sourcing'
import { alertMappingDecider } from './domain/alert-mapping.js'
import { approvalPoliciesDecider } from './domain/approval-policies.js'
import { assignmentRulesDecider } from './domain/assignment-rules.js'
import { calendarsDecider } from './domain/calendars.js'
import { changeRiskDecider, changeSettingsDecider } from './domain/change-settings.js'
import { ciClassesDecider } from './domain/ci-classes.js'
import { ciReconciliationDecider } from './domain/ci-reconciliation.js'
import { ciRelationTypesDecider } from './domain/ci-relation-types.js'
import { customFieldsDecider } from './domain/custom-fields.js'
import { escalationRulesDecider } from './domain/escalation-rules.js'
import { holdReasonsDecider } from './domain/hold-reasons.js'
import { incidentSettingsDecider } from './domain/incident-settings.js'
import { incidentTemplatesDecider } from './domain/incident-templates.js'
import { mailIntakeDecider } from './domain/mail-intake.js'
import { majorIncidentSettingsDecider } from './domain/major-incident-settings.js'
import { notificationTemplatesDecider } from './domain/notification-templates.js'
import { priorityMatrixDecider } from './domain/priority-matrix.js'
import { problemSettingsDecider } from './domain/problem-settings.js'
import {
  PublishAlertMapping,
  PublishApprovalPolicies,
  PublishAssignmentRules,
  PublishBlackoutWindows,
  PublishCalendars,
  PublishChangeRisk,
  PublishChangeSettings,
  PublishCiClasses,
  PublishCiReconciliation,
  PublishCiRelationTypes,
  PublishCustomFields,
  PublishEscalationRules,
  PublishHoldReasons,
  PublishIncidentSettings,
  PublishIncidentTemplates,
  PublishMailIntake,
  PublishMaintenanceWindows,
  PublishMajorIncidentSettings,
  PublishNotificationTemplates,
  PublishPriorityMatrix,
  PublishProblemSettings,
  PublishWebhooks,
} from './domain/settings.commands.js'
import { blackoutWindowsDecider, maintenanceWindowsDecider } from './domain/time-windows.js'
import { webhooksDecider } from './domain/webhooks.js'
import { SettingsController } from './settings.controller.js'

// biome-ignore lint/suspicious/noExplicitAny: deciders of different contents
function records(decider: Decider<any, any, any, any>): AnyRecordType {
  return { decider, rights: onlyFor(['administrator'], 'SETTINGS.FORBIDDEN') }
}

/** What the settings add to the application. */
export const settings = {
  controllers: [SettingsController],
  providers: [
    ...deciderHandlers(records(priorityMatrixDecider), [PublishPriorityMatrix]),
    ...deciderHandlers(records(assignmentRulesDecider), [PublishAssignmentRules]),
    ...deciderHandlers(records(holdReasonsDecider), [PublishHoldReasons]),
    ...deciderHandlers(records(incidentSettingsDecider), [PublishIncidentSettings]),
    ...deciderHandlers(records(incidentTemplatesDecider), [PublishIncidentTemplates]),
    ...deciderHandlers(records(mailIntakeDecider), [PublishMailIntake]),
    ...deciderHandlers(records(customFieldsDecider), [PublishCustomFields]),
    ...deciderHandlers(records(escalationRulesDecider), [PublishEscalationRules]),
    ...deciderHandlers(records(majorIncidentSettingsDecider), [PublishMajorIncidentSettings]),
    ...deciderHandlers(records(alertMappingDecider), [PublishAlertMapping]),
    ...deciderHandlers(records(notificationTemplatesDecider), [PublishNotificationTemplates]),
    ...deciderHandlers(records(webhooksDecider), [PublishWebhooks]),
    ...deciderHandlers(records(ciClassesDecider), [PublishCiClasses]),
    ...deciderHandlers(records(ciRelationTypesDecider), [PublishCiRelationTypes]),
    ...deciderHandlers(records(ciReconciliationDecider), [PublishCiReconciliation]),
    ...deciderHandlers(records(calendarsDecider), [PublishCalendars]),
    ...deciderHandlers(records(maintenanceWindowsDecider), [PublishMaintenanceWindows]),
    ...deciderHandlers(records(blackoutWindowsDecider), [PublishBlackoutWindows]),
    ...deciderHandlers(records(approvalPoliciesDecider), [PublishApprovalPolicies]),
    ...deciderHandlers(records(changeRiskDecider), [PublishChangeRisk]),
    ...deciderHandlers(records(changeSettingsDecider), [PublishChangeSettings]),
    ...deciderHandlers(records(problemSettingsDecider), [PublishProblemSettings]),
  ],
}
