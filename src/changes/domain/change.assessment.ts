import { Refused } from '#libs/event-sourcing'
import { type ApprovalPolicy, policyFor } from '../../approvals/domain/defaults.js'
import type { AssessRisk } from './change.commands.js'
import type { ChangeEvent, ChangeRiskAssessed } from './change.events.js'
import { type ChangeFacts, classesOf } from './change.facts.js'
import { answersAll, type RiskAnswers, riskOf, worse } from './change.risk.js'
import type { Change } from './change.state.js'
import type { ChangeType, Risk } from './defaults.js'

/** How risky a change is, and which approval policy follows from that. */

export function assessRisk({ data }: AssessRisk, change: Change, known: ChangeFacts): readonly ChangeEvent[] {
  const { state } = change.stage
  if (state !== 'New' && state !== 'Assess')
    throw new Refused(
      'CHANGE.RISK_FIXED',
      'Risk is assessed before approval is asked: return the change to New.',
    )
  return [assessed(change, data.answers ?? change.answers, known)]
}

/** The risk of the plan as it is now. What was answered once holds until it is answered otherwise. */
function assessed(change: Change, answers: RiskAnswers | null, known: ChangeFacts): ChangeRiskAssessed {
  const { plan } = change
  const { version, matrix } = known.riskMatrix.value
  const classes = plan.affectedCis.flatMap((ci) => classesOf(ci, known))
  const type = plan.type as ChangeType
  const traits = {
    type,
    affectedCis: plan.affectedCis.length,
    ciClasses: classes,
    window: plan.window ?? null,
  }
  return { type: 'ChangeRiskAssessed', data: { ...riskOf(traits, answers, matrix), matrixVersion: version } }
}

/** The plan may have been edited since it was assessed. Emergencies are submitted without an assessment. */
function renewedRisk(change: Change, known: ChangeFacts): readonly ChangeRiskAssessed[] {
  const { risk, answers } = change
  if (risk === null) return []
  if (answers === null || answersAll(answers, known.riskMatrix.value.matrix)) {
    const now = assessed(change, answers, known)
    return now.data.risk === risk ? [] : [now]
  }
  // Another questionnaire was published since: what was answered to the old one holds, and only the rules can make it worse
  const byRules = assessed(change, null, known)
  return worse(byRules.data.risk, risk) === risk ? [] : [byRules]
}

/** What holds for the plan as it is now. `renewed`: its risk, where that is another one by now. Without a policy it can't be approved. */
export function policyInForce(
  change: Change,
  known: ChangeFacts,
): { renewed: readonly ChangeRiskAssessed[]; risk: Risk | null; policy: ApprovalPolicy | undefined } {
  const renewed = renewedRisk(change, known)
  const risk = renewed[0]?.data.risk ?? change.risk
  const policy = policyFor(known.policies.value.policies, {
    subjectType: 'change',
    changeType: change.plan.type,
    ...(risk !== null && { risk }),
  })
  return { renewed, risk, policy }
}
