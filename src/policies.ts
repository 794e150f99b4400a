import type { AnyPolicy } from '#libs/projections-runtime'
import { alertPolicies } from './alerts/alert.policies.js'
import { approvalPolicies } from './approvals/domain/approval.policies.js'
import { auditPolicies } from './audit/domain/audit.policies.js'
import { changePolicies } from './changes/domain/change.policies.js'
import { configurationPolicies } from './configuration/domain/configuration.policies.js'
import { incidentPolicies } from './incidents/domain/incident.policies.js'
import { notificationPolicies } from './notifications/domain/notification.policies.js'
import { candidatePolicies } from './problems/domain/candidate.policies.js'

/** What the policy runner runs. */
export const policyRegistry: readonly AnyPolicy[] = [
  ...incidentPolicies,
  ...alertPolicies,
  ...approvalPolicies,
  ...notificationPolicies,
  ...configurationPolicies,
  ...changePolicies,
  ...auditPolicies,
  ...candidatePolicies,
]
