import { commandMetadata, policySpec, recorded } from '#libs/testing'
import * as c from './change.commands.js'
import { ChangeStory, IN_WINDOW, PLAN, WINDOW } from './change.story.fixture.js'
import { refusedValues } from './change.values.policies.js'
import { ApproveChangeModel, DraftChangeModel } from './change-model.commands.js'
import { changeModelDecider } from './change-model.decider.js'
import type { ChangeModelContent } from './change-model.events.js'

const last = (story: ChangeStory) => story.events.at(-1)
const types = (story: ChangeStory) => story.events.map(({ type }) => type)
const ended = (story: ChangeStory, outcome = 'successful', metadata: object = IN_WINDOW) =>
  story.send(c.EndImplementation, { outcome, notes: 'Done.' }, metadata)

describe('a normal change', () => {
  it('goes its way from New to Closed', () => {
    const story = new ChangeStory().open()
    const states = [story.state]
    const step = (act: () => unknown) => {
      act()
      states.push(story.state)
    }
    step(() => story.send(c.StartAssessment))
    story.send(c.AssessRisk)
    step(() => story.send(c.SubmitChange))
    story.ask()
    step(() => story.outcome('approved'))
    step(() => story.send(c.StartImplementation, {}, IN_WINDOW))
    step(() => ended(story))
    step(() => story.send(c.CloseChange))
    expect(states).toEqual(['New', 'Assess', 'Authorize', 'Scheduled', 'Implement', 'Review', 'Closed'])
  })

  it.each([
    [c.SubmitChange, 'CHANGE.NOT_ASSESSED'],
    [c.StartImplementation, 'CHANGE.NOT_APPROVED'],
    [c.ScheduleStandardChange, 'CHANGE.NOT_NEW'],
    [c.CloseChange, 'CHANGE.NOT_IN_REVIEW'],
    [c.RecheckConflicts, 'CHANGE.NOT_BUSY'],
  ])('skips no step: %p', (Type, code) => {
    expect(new ChangeStory().open().refused(Type)).toBe(code)
  })

  it('needs its risk and its plan before approval is asked', () => {
    const story = new ChangeStory().open('normal', { backout: undefined, test: ' ' })
    story.send(c.StartAssessment)
    expect(story.refused(c.SubmitChange)).toBe('CHANGE.PLAN_INCOMPLETE')
    story.send(c.EditPlan, { backout: 'b', test: 't' })
    expect(story.refused(c.SubmitChange)).toBe('CHANGE.RISK_NOT_ASSESSED')
  })

  it('keeps its risk when it is assessed again without answers, and is assessed again as it is submitted', () => {
    const story = new ChangeStory().open()
    const matrix = {
      rules: [{ name: 'wide', when: { affectedCis: 3 }, risk: 'high' }],
      questions: [
        {
          id: 'q',
          question: 'Sure?',
          answers: [
            { answer: 'yes', score: 0 },
            { answer: 'no', score: 5 },
          ],
        },
      ],
      thresholds: [{ score: 5, risk: 'medium' }],
    }
    const published = { type: 'ChangeRiskPublished', data: { version: 1, matrix } }
    story.others.set('settings-change-risk', [published])
    story.send(c.StartAssessment)
    story.send(c.AssessRisk, { answers: { q: 'no' } })
    expect(story.change.risk).toBe('medium')
    story.send(c.AssessRisk)
    expect(story.change.risk).toBe('medium')
    story.send(c.EditPlan, { affectedCis: ['CI1', 'CI2', 'CI3'] })
    story.send(c.SubmitChange)
    expect(types(story).slice(-2)).toEqual(['ChangeRiskAssessed', 'ChangeSubmitted'])
    expect(story.change.risk).toBe('high')
  })

  it('has a group when its policy asks that alone', () => {
    const story = new ChangeStory()
    story.send(c.OpenChange, { type: 'normal', title: 'Release 2', ...PLAN })
    story.send(c.StartAssessment)
    story.send(c.AssessRisk)
    expect(story.refused(c.SubmitChange)).toBe('CHANGE.NO_GROUP')
    story.send(c.AssignChange, { group: 'network' })
    expect(story.refused(c.SubmitChange)).toBeUndefined()
  })

  it('is asked about as it was assessed when another questionnaire was published since; rules may make it worse', () => {
    const story = new ChangeStory().open()
    const questions = (...ids: string[]) =>
      ids.map((id) => ({ id, question: id, answers: [{ answer: 'no', score: 5 }] }))
    const publish = (...ids: string[]) => {
      const rules = [{ name: 'wide', when: { affectedCis: 3 }, risk: 'high' }]
      const matrix = { rules, questions: questions(...ids), thresholds: [{ score: 5, risk: 'medium' }] }
      story.others.set('settings-change-risk', [
        { type: 'ChangeRiskPublished', data: { version: 1, matrix } },
      ])
    }
    publish('q')
    story.send(c.StartAssessment)
    story.send(c.AssessRisk, { answers: { q: 'no' } })
    publish('q', 'another')
    story.send(c.SubmitChange)
    story.ask()
    expect(story.asked.risk).toBe('medium')
    story.send(c.EditPlan, { affectedCis: ['CI1', 'CI2', 'CI3'] })
    story.ask()
    expect(story.asked.risk).toBe('high')
    expect(story.refused(c.AssessRisk)).toBe('CHANGE.RISK_FIXED')
  })

  it('rejected, is New again, and may be submitted again as another round', () => {
    const story = new ChangeStory().open().submit().ask().outcome('rejected')
    expect(story.state).toBe('New')
    story.submit()
    expect(last(story)).toMatchObject({ type: 'ChangeSubmitted', data: { round: 2 } })
  })

  it('nobody is asked about a window that is over', () => {
    const LATER = { occurredAt: WINDOW.end }
    const story = new ChangeStory().open()
    story.send(c.StartAssessment)
    story.send(c.AssessRisk)
    expect(story.refused(c.SubmitChange, {}, LATER)).toBe('CHANGE.WINDOW_OVER')
    story.send(c.SubmitChange)
    const over = { start: '2026-02-01T20:00:00.000Z', end: '2026-02-01T23:00:00.000Z' }
    expect(story.refused(c.EditPlan, { window: over })).toBe('CHANGE.WINDOW_OVER')
    story.ask()
    expect(story.refused(c.EditPlan, { title: 'Release 3' }, LATER)).toBeUndefined()
    expect(story.refused(c.EditPlan, { test: 'Log in twice.' }, LATER)).toBe('CHANGE.WINDOW_OVER')
  })

  it('is implemented in its window only', () => {
    const story = new ChangeStory().approved()
    for (const occurredAt of ['2026-03-02T19:59:59.999Z', WINDOW.end])
      expect(story.refused(c.StartImplementation, {}, { occurredAt })).toBe('CHANGE.OUTSIDE_WINDOW')
    expect(story.refused(c.StartImplementation, {}, { occurredAt: WINDOW.start })).toBeUndefined()
  })

  it('is not canceled once it has been done', () => {
    const story = new ChangeStory().implementing()
    ended(story)
    expect(story.refused(c.CancelChange, { notes: 'n' })).toBe('CHANGE.DONE')
  })

  it('hears only of the round that is open', () => {
    const story = new ChangeStory().open().submit().ask()
    const { approval, hash } = story.asked
    story.send(c.EditPlan, { implementation: 'otherwise' })
    const late = { approval, hash, outcome: 'approved', approvers: ['ann'] }
    expect(story.refused(c.RecordApprovalOutcome, late)).toBe('CHANGE.NOT_DUE')
    expect(story.state).toBe('Authorize')
  })
})

describe('on hold', () => {
  it('no step is taken; what lapsed meanwhile is asked again', () => {
    const story = new ChangeStory().open().submit().ask()
    story.send(c.HoldChange, { reason: 'vendor' })
    story.outcome('lapsed')
    expect(story.refused(c.SubmitChange)).toBe('CHANGE.ON_HOLD')
    story.send(c.ResumeChange)
    expect(last(story)).toMatchObject({ type: 'ChangeResumed', data: { renewRound: 2 } })
    story.ask().outcome('approved')
    expect(story.state).toBe('Scheduled')
  })

  it('what is granted meanwhile brings it on as it is resumed, and not before', () => {
    const story = new ChangeStory().open().submit().ask()
    story.send(c.HoldChange, { reason: 'vendor' })
    story.outcome('approved')
    expect(story.state).toBe('Authorize')
    expect(story.refused(c.StartImplementation, {}, IN_WINDOW)).toBe('CHANGE.NOT_APPROVED')
    const { approval, hash } = story.asked
    const again = { approval, hash, outcome: 'approved', approvers: ['ann'] }
    expect(story.refused(c.RecordApprovalOutcome, again)).toBe('CHANGE.NOT_DUE')
    expect(story.send(c.ResumeChange)).toEqual([
      { type: 'ChangeResumed', data: {} },
      { type: 'ChangeApproved', data: { round: 1, approval, hash, approvers: ['ann'] } },
    ])
    story.send(c.StartImplementation, {}, IN_WINDOW)
    expect(last(story)).toMatchObject({ data: { basis: { approval, hash, approvers: ['ann'] } } })
  })

  it('what is granted meanwhile is looked at for conflicts as it is resumed', () => {
    const story = new ChangeStory().open().submit().ask()
    story.send(c.HoldChange, { reason: 'vendor' })
    story.outcome('approved')
    const other = { change: 'CHG0000002', period: WINDOW }
    story.others.set('cischedule-CI2', [{ type: 'CiReserved', data: other }])
    expect(story.send(c.ResumeChange).map(({ type }) => type)).toEqual([
      'ChangeResumed',
      'ChangeApproved',
      'ConflictAppeared',
    ])
  })

  it('an edit, or a cancellation, takes back what is granted meanwhile', () => {
    const held = () => {
      const story = new ChangeStory().open().submit().ask()
      story.send(c.HoldChange, { reason: 'vendor' })
      return story.outcome('approved')
    }
    const edited = held()
    edited.send(c.EditPlan, { implementation: 'otherwise' })
    expect(types(edited)).toContain('ChangeApprovalVoided')
    edited.send(c.ResumeChange)
    expect(edited.state).toBe('Authorize')
    const canceled = held()
    canceled.send(c.CancelChange, { notes: 'Needless.' })
    expect(types(canceled).slice(-2)).toEqual(['ChangeApprovalWithdrawn', 'ChangeCanceled'])
  })
})

describe('when too few are left of those who were asked', () => {
  const lost = (story: ChangeStory) => {
    const { approval, hash } = story.asked
    story.send(c.RecordApprovalOutcome, {
      approval,
      hash,
      outcome: 'rejected',
      approvers: [],
      seatsLost: true,
    })
    return story.events.slice(-2).map(({ type, data }) => ({ type, ...data }))
  }

  it('others are asked, and may approve', () => {
    const story = new ChangeStory().open().submit().ask()
    const { approval } = story.asked
    expect(lost(story)).toMatchObject([
      { type: 'ChangeApprovalLapsed', round: 1, approval, because: 'seats-lost' },
      { type: 'ChangeApprovalRenewed', round: 2, period: WINDOW },
    ])
    expect(story.ask().outcome('approved').state).toBe('Scheduled')
  })

  it('and so it goes for what was implemented already', () => {
    const story = new ChangeStory().open('emergency')
    const startedAt = '2026-03-01T08:00:00.000Z'
    story.send(c.RecordImplemented, { startedAt }, { actor: 'ivan', reason: 'It could not wait.' })
    story.ask()
    expect(lost(story)).toMatchObject([{ type: 'ChangeApprovalLapsed' }, { type: 'ChangeApprovalRenewed' }])
    story.ask().outcome('approved')
    expect(last(story)).toMatchObject({ type: 'ChangeRatified', data: { round: 2 } })
  })

  it('on hold nobody is asked before it is resumed', () => {
    const story = new ChangeStory().open().submit().ask()
    story.send(c.HoldChange, { reason: 'vendor' })
    expect(lost(story).at(-1)).toMatchObject({ type: 'ChangeApprovalLapsed' })
    story.send(c.ResumeChange)
    expect(last(story)).toMatchObject({ type: 'ChangeResumed', data: { renewRound: 2 } })
  })
})

describe('an emergency', () => {
  it('skips Assess', () => {
    expect(new ChangeStory().open('emergency').submit().ask().outcome('approved').state).toBe('Scheduled')
  })

  it('implemented before approval, stays open until it is ratified and reviewed', () => {
    const story = new ChangeStory().open('emergency')
    const now = { occurredAt: '2026-03-01T09:00:00.000Z', reason: 'Nobody was there.' }
    story.send(c.RecordImplemented, { startedAt: '2026-03-01T08:00:00.000Z' }, now)
    expect(last(story)).toMatchObject({ data: { ratifyBy: '2026-03-03T08:00:00.000Z' } })
    ended(story, 'successful', now)
    story.send(c.ReviewChange, { objectivesMet: true, conclusion: 'Well done.' })
    expect(story.refused(c.CloseChange)).toBe('CHANGE.NOT_RATIFIED')
    expect(story.refused(c.RecordRatificationOverdue)).toBe('CHANGE.NOT_DUE')
    story.send(c.RecordRatificationOverdue, {}, { occurredAt: '2026-03-03T08:00:00.000Z' })
    story.send(c.AskApproval, { round: 1 })
    expect(story.asked.purpose).toBe('ratification')
    story.outcome('approved')
    expect(last(story)?.type).toBe('ChangeRatified')
    expect(story.refused(c.CloseChange)).toBeUndefined()
  })

  describe('implemented before approval, and asked about', () => {
    const done = () => {
      const story = new ChangeStory().open('emergency')
      const startedAt = '2026-03-01T08:00:00.000Z'
      story.send(c.RecordImplemented, { startedAt }, { reason: 'It burnt.' })
      return story
    }

    it.each(['lapsed', 'rejected'] as const)(
      'is not closed after the round was %s, but asked about again',
      (outcome) => {
        const story = done().ask().outcome(outcome)
        ended(story)
        story.send(c.ReviewChange, { objectivesMet: true, conclusion: 'Well.' })
        expect(story.refused(c.CloseChange)).toBe('CHANGE.NOT_RATIFIED')
        story.send(c.SubmitChange)
        expect(last(story)).toMatchObject({ type: 'ChangeApprovalRenewed', data: { round: 2 } })
        story.ask().outcome('approved')
        expect(last(story)).toMatchObject({ type: 'ChangeRatified' })
        story.send(c.CloseChange)
        expect(story.state).toBe('Closed')
      },
    )

    it.each([true, false])('is reverted to what was there before, asked about first: %p', (askedFirst) => {
      const story = done()
      if (askedFirst) story.ask().outcome('rejected')
      ended(story)
      const changes = { osVersion: { before: '1', after: '2' } }
      story.others.get('ci-CI1')!.push({ type: 'CiChanged', data: { changes } })
      if (askedFirst) story.send(c.SubmitChange)
      story.ask().outcome('approved')
      const before = [{ ci: 'CI1', attributes: { osVersion: '1' } }]
      expect(story.asked.document.baseValues).toEqual(before)
      const revert = new ChangeStory('CHG0000002')
      revert.others.set('change-CHG0000001', story.events as never)
      revert.send(c.OpenRevert, { reverts: 'CHG0000001', type: 'normal' })
      expect(revert.change.plan.proposedValues).toEqual(before)
    })

    it('is in the way from its beginning on, whatever was planned, even without a window', () => {
      const story = new ChangeStory().open('emergency', { window: undefined })
      const startedAt = '2026-03-01T08:00:00.000Z'
      story.send(c.RecordImplemented, { startedAt }, { reason: 'It burnt.' })
      const period = { start: '2026-03-01T12:00:00.000Z', end: '2026-03-01T13:00:00.000Z' }
      story.others.set('cischedule-CI2', [{ type: 'CiReserved', data: { change: 'CHG9', period } }])
      story.send(c.RecheckConflicts)
      expect(story.change.conflicts).toEqual([{ kind: 'ci-busy', ci: 'CI2', change: 'CHG9', period }])
    })

    it('is not asked about again while somebody may still answer, nor once it is ratified', () => {
      const story = done().ask()
      expect(story.send(c.SubmitChange)).toEqual([])
      story.outcome('approved')
      expect(story.send(c.SubmitChange)).toEqual([])
    })

    it('is not canceled: what was done is ratified, and reviewed', () => {
      const story = done().ask()
      expect(story.refused(c.CancelChange, { notes: 'Never mind.' })).toBe('CHANGE.DONE')
      story.outcome('rejected')
      expect(story.refused(c.CancelChange, { notes: 'Never mind.' })).toBe('CHANGE.DONE')
    })

    it('is not ratified by who asks again', () => {
      const story = done().ask().outcome('rejected')
      story.send(c.SubmitChange, {}, { actor: 'dan' })
      story.ask()
      expect(story.asked.involved).toContain('dan')
    })

    it('has nothing to be asked about when it was approved before', () => {
      const story = new ChangeStory().open('emergency').submit().ask().outcome('approved')
      story.send(c.StartImplementation, {}, IN_WINDOW)
      expect(story.refused(c.SubmitChange)).toBe('CHANGE.APPROVED')
    })
  })

  it('needs a reason, and no other type may', () => {
    const startedAt = { startedAt: '2026-03-01T08:00:00.000Z' }
    expect(new ChangeStory().open('emergency').refused(c.RecordImplemented, startedAt)).toBe(
      'CHANGE.TEXT_REQUIRED',
    )
    const normal = new ChangeStory().open()
    expect(normal.refused(c.RecordImplemented, startedAt, { reason: 'r' })).toBe('CHANGE.NOT_EMERGENCY')
  })
})

describe('a standard change', () => {
  const content: ChangeModelContent = {
    title: 'Restart {{host}}',
    implementation: 'Restart {{host}}.',
    backout: 'None.',
    test: 'Ping.',
    variables: [{ name: 'host', choices: ['a', 'b'] }],
    freeFields: ['window', 'affectedCis'],
    affectedCis: [],
    proposedValues: [],
    longestMinutes: 180,
  }
  const draft = { type: 'ChangeModelDrafted', data: { revision: 1, content, author: 'ann' } } as const
  const approved = (expiresAt: string) => ({
    type: 'ChangeModelApproved',
    data: { revision: 1, hash: 'h', approver: 'bob', expiresAt },
  })
  const opened = (expiresAt = '2027-01-01T00:00:00.000Z') => {
    const story = new ChangeStory()
    story.others.set('changemodel-restart', [draft, approved(expiresAt)])
    const data = {
      type: 'standard',
      model: 'restart',
      variables: { host: 'a' },
      window: WINDOW,
      affectedCis: ['CI1'],
    }
    story.send(c.OpenChange, data)
    return story
  }

  it('is scheduled by the approval of its model', () => {
    const story = opened()
    expect(story.change.plan.title).toBe('Restart a')
    story.send(c.ScheduleStandardChange)
    story.send(c.StartImplementation, {}, IN_WINDOW)
    expect(last(story)).toMatchObject({
      data: { basis: { kind: 'model', model: 'restart', revision: 1, approver: 'bob' }, breaches: [] },
    })
  })

  it.each([
    ['allowed', undefined, []],
    ['recorded', undefined, [{ rule: 'approver-implements', person: 'bob' }]],
    ['refused', 'CHANGE.DUTIES_NOT_SEPARATE', undefined],
  ])('is approved by who approved its model: that he implements it is %s', (verdict, code, breaches) => {
    const story = opened()
    story.send(c.ScheduleStandardChange)
    const settings = { ratifyWithinHours: 1, requesterImplements: 'refused', approverImplements: verdict }
    story.others.set('settings-change', [{ type: 'ChangeSettingsPublished', data: { version: 1, settings } }])
    expect(story.refused(c.StartImplementation, {}, { ...IN_WINDOW, actor: 'bob' })).toBe(code)
    if (breaches) expect(last(story)).toMatchObject({ type: 'ImplementationStarted', data: { breaches } })
  })

  it('differs from its model in what that declares, and in nothing else', () => {
    expect(opened().refused(c.EditPlan, { implementation: 'otherwise' })).toBe('CHANGE.FIXED_BY_MODEL')
    expect(opened().refused(c.EditPlan, { affectedCis: ['CI2'] })).toBeUndefined()
    const story = opened()
    const other = new ChangeStory()
    other.others.set('changemodel-restart', story.others.get('changemodel-restart')!)
    const data = { type: 'standard', model: 'restart', window: WINDOW }
    expect(other.refused(c.OpenChange, { ...data, variables: { host: 'c' } })).toBe(
      'CHANGE.VARIABLES_MALFORMED',
    )
  })

  it('once scheduled, is what was scheduled: what its model leaves free is free before that only', () => {
    const story = opened()
    story.send(c.ScheduleStandardChange)
    const window = { start: WINDOW.start, end: '2026-05-02T23:00:00.000Z' }
    for (const wish of [{ window }, { affectedCis: ['CI1', 'CI2'] }])
      expect(story.refused(c.EditPlan, wish)).toBe('CHANGE.SCHEDULED_BY_MODEL')
  })

  it('is not opened with a variable that only looks as if it were given', () => {
    const story = new ChangeStory()
    const proto = { ...content, variables: [{ name: 'constructor' }] }
    story.others.set('changemodel-restart', [
      { ...draft, data: { ...draft.data, content: proto } },
      approved('2027-01-01T00:00:00.000Z'),
    ])
    const data = { type: 'standard', model: 'restart', window: WINDOW, affectedCis: ['CI1'], variables: {} }
    expect(story.refused(c.OpenChange, data)).toBe('CHANGE.VARIABLES_MALFORMED')
  })

  it('is not scheduled by a model that has expired by then, or was retired', () => {
    expect(opened(WINDOW.start).refused(c.ScheduleStandardChange)).toBe('CHANGE.MODEL_EXPIRED')
    const story = opened()
    expect(story.refused(c.ScheduleStandardChange, {}, { occurredAt: WINDOW.end })).toBe('CHANGE.WINDOW_OVER')
    story.others.get('changemodel-restart')!.push({ type: 'ChangeModelRetired', data: { revision: 1 } })
    expect(story.refused(c.ScheduleStandardChange)).toBe('CHANGE.MODEL_OUTDATED')
  })

  it('is not implemented any more once its model is retired; another revision leaves it as it was scheduled', () => {
    const story = opened()
    story.send(c.ScheduleStandardChange)
    const model = story.others.get('changemodel-restart')!
    model.push({ ...draft, data: { ...draft.data, revision: 2 } })
    model.push({ type: 'ChangeModelRetired', data: { revision: 1 } })
    expect(story.refused(c.StartImplementation, {}, IN_WINDOW)).toBe('CHANGE.MODEL_RETIRED')
    model.push({ type: 'ChangeModelApproved', data: { ...approved(WINDOW.end).data, revision: 2 } })
    expect(story.refused(c.StartImplementation, {}, IN_WINDOW)).toBeUndefined()
  })

  it('has a model that nobody approves who wrote it', () => {
    const by = (actor: string) => commandMetadata({ actor })
    const model = { draft: draft.data, approved: null }
    expect(
      changeModelDecider.decide(new DraftChangeModel('restart', { content }, by('ann')), model, {}),
    ).toEqual([])
    const approve = (actor: string) =>
      changeModelDecider.decide(
        new ApproveChangeModel('restart', { revision: 1, expiresAt: '2027-01-01T00:00:00Z' }, by(actor)),
        model,
        {},
      )
    expect(() => approve('ann')).toThrow('own model')
    expect(approve('bob')).toHaveLength(1)
  })
})

describe('an edit that makes a change riskier', () => {
  it('is asked about by the policy for its new risk', () => {
    const story = new ChangeStory().open().submit().ask()
    expect(story.asked.risk).toBe('low')
    const matrix = {
      rules: [{ name: 'wide', when: { affectedCis: 3 }, risk: 'high' }],
      questions: [],
      thresholds: [],
    }
    story.others.set('settings-change-risk', [{ type: 'ChangeRiskPublished', data: { version: 1, matrix } }])
    story.send(c.EditPlan, { affectedCis: ['CI1', 'CI2', 'CI3'] })
    story.ask()
    expect(story.asked.risk).toBe('high')
    expect(story.change.risk).toBe('high')
  })
})

describe('a class', () => {
  it('stands for those below it where risk is asked for', () => {
    const matrix = {
      rules: [{ name: 'iron', when: { ciClasses: ['physical-device'] }, risk: 'high' }],
      questions: [],
      thresholds: [],
    }
    const story = new ChangeStory().open()
    story.others.set('settings-change-risk', [{ type: 'ChangeRiskPublished', data: { version: 1, matrix } }])
    story.submit().ask()
    expect(story.asked.risk).toBe('high')
  })

  it('stands for those below it in a blackout that an edit would lead into', () => {
    const story = new ChangeStory().open('normal', { affectedCis: [], proposedValues: [] }).submit().ask()
    const window = { kind: 'single', ...WINDOW }
    const windows = [{ name: 'x', appliesTo: { classes: ['physical-device'] }, window }]
    story.others.set('settings-blackout-windows', [
      { type: 'BlackoutWindowsPublished', data: { version: 1, windows } },
    ])
    expect(story.refused(c.EditPlan, { affectedCis: ['CI3'] })).toBe('CHANGE.IN_BLACKOUT')
  })
})

describe('a blackout', () => {
  const blackedOut = () => {
    const story = new ChangeStory().open()
    const window = { kind: 'single', ...WINDOW }
    story.others.set('settings-blackout-windows', [
      {
        type: 'BlackoutWindowsPublished',
        data: { version: 1, windows: [{ name: 'x', appliesTo: {}, window }] },
      },
    ])
    story.send(c.StartAssessment)
    story.send(c.AssessRisk)
    return story
  }
  it('refuses, until a change manager overrides it with a reason; the conflict stays on record', () => {
    const story = blackedOut()
    expect(story.refused(c.SubmitChange)).toBe('CHANGE.IN_BLACKOUT')
    expect(story.refused(c.OverrideBlackout, { window: 'x' })).toBe('CHANGE.TEXT_REQUIRED')
    story.send(c.OverrideBlackout, { window: 'x' }, { reason: 'It cannot wait.' })
    story.send(c.SubmitChange)
    expect(story.change.conflicts).toMatchObject([{ kind: 'in-blackout', window: 'x' }])
    story.ask()
    expect(story.asked.document.conflicts).toHaveLength(1)
  })

  it('is one that was published, or nothing is overridden', () => {
    const story = blackedOut()
    expect(story.refused(c.OverrideBlackout, { window: 'y' }, { reason: 'It cannot wait.' })).toBe(
      'CHANGE.BLACKOUT_UNKNOWN',
    )
  })

  it('refuses an edit into it while approval is asked, and lets the round stand', () => {
    const story = new ChangeStory().open().submit().ask()
    const window = { start: '2026-04-02T20:00:00.000Z', end: '2026-04-02T23:00:00.000Z' }
    const windows = [{ name: 'x', appliesTo: {}, window: { kind: 'single', ...window } }]
    story.others.set('settings-blackout-windows', [
      { type: 'BlackoutWindowsPublished', data: { version: 1, windows } },
    ])
    expect(story.refused(c.EditPlan, { window })).toBe('CHANGE.IN_BLACKOUT')
    const after = { start: '2026-05-02T20:00:00.000Z', end: '2026-05-02T23:00:00.000Z' }
    expect(story.refused(c.EditPlan, { window: after })).toBeUndefined()
  })

  it('refuses to begin in it, whatever time was planned', () => {
    const story = new ChangeStory().approved()
    const late = { start: '2026-03-02T22:00:00.000Z', end: WINDOW.end }
    story.send(c.MovePlannedTimes, { planned: late })
    const window = { kind: 'single', start: WINDOW.start, end: '2026-03-02T21:00:00.000Z' }
    const windows = [{ name: 'x', appliesTo: {}, window }]
    story.others.set('settings-blackout-windows', [
      { type: 'BlackoutWindowsPublished', data: { version: 1, windows } },
    ])
    expect(story.refused(c.StartImplementation, {}, IN_WINDOW)).toBe('CHANGE.IN_BLACKOUT')
    expect(
      story.refused(c.StartImplementation, {}, { ...IN_WINDOW, occurredAt: '2026-03-02T21:30:00.000Z' }),
    ).toBeUndefined()
  })
})

describe('duties', () => {
  it.each([
    ['rita', 'allowed', undefined],
    ['ann', 'recorded', undefined],
    ['ann', 'refused', 'CHANGE.DUTIES_NOT_SEPARATE'],
  ])('%s implements, which is %s', (actor, approverImplements, code) => {
    const story = new ChangeStory().approved()
    const settings = { ratifyWithinHours: 1, requesterImplements: 'allowed', approverImplements }
    story.others.set('settings-change', [{ type: 'ChangeSettingsPublished', data: { version: 1, settings } }])
    expect(story.refused(c.StartImplementation, {}, { ...IN_WINDOW, actor })).toBe(code)
    if (approverImplements === 'recorded')
      expect(last(story)).toMatchObject({
        data: { breaches: [{ rule: 'approver-implements', person: 'ann' }] },
      })
  })
})

describe('proposed values', () => {
  it('are such as the classes of their CIs take, as they are proposed and when they are asked about', () => {
    const wrong = [{ ci: 'CI1', attributes: { ramGigabytes: 'lots', colour: 'red' } }]
    const story = new ChangeStory().open()
    const malformed = 'CHANGE.PROPOSED_VALUES_MALFORMED'
    expect(
      new ChangeStory().refused(c.OpenChange, { type: 'normal', title: 'x', ...PLAN, proposedValues: wrong }),
    ).toBe(malformed)
    expect(story.refused(c.EditPlan, { proposedValues: wrong })).toBe(malformed)
    story.send(c.EditPlan, {
      proposedValues: [{ ci: 'CI1', attributes: { ramGigabytes: 64, osVersion: null } }],
    })
    story.send(c.StartAssessment)
    story.send(c.AssessRisk)
    story.others.get('ci-CI1')!.push({ type: 'CiReclassified', data: { before: 'server', after: 'phone' } })
    expect(story.refused(c.SubmitChange)).toBe(malformed)
  })

  it('are written when it was successful', () => {
    const story = new ChangeStory().implementing()
    ended(story)
    expect(last(story)).toEqual({
      ...last(story),
      type: 'ProposedValuesReleased',
      data: { ...PLAN.proposedValues[0], base: { osVersion: '1' } },
    })
  })

  it('are not when it failed, or was backed out', () => {
    for (const outcome of ['failed', 'backed out']) {
      const story = new ChangeStory().implementing()
      ended(story, outcome)
      expect(types(story)).not.toContain('ProposedValuesReleased')
      expect(story.refused(c.CloseChange)).toBe('CHANGE.REVIEW_REQUIRED')
    }
  })

  it('are refused for a CI whose base value has moved since approval was asked', () => {
    const story = new ChangeStory().implementing()
    const changes = { osVersion: { before: '1', after: '1.5' } }
    story.others.get('ci-CI1')!.push({ type: 'CiChanged', data: { changes } })
    ended(story)
    const moved = { osVersion: { base: '1', now: '1.5' } }
    expect(last(story)).toMatchObject({ type: 'ProposedValuesRefused', data: { ci: 'CI1', moved } })
  })

  it('are brought back by a change of its own', () => {
    const story = new ChangeStory().implementing()
    ended(story)
    const revert = new ChangeStory('CHG0000002')
    revert.others.set('change-CHG0000001', story.events as never)
    revert.send(c.OpenRevert, { reverts: 'CHG0000001', type: 'normal' })
    expect(revert.change.plan.proposedValues).toEqual([{ ci: 'CI1', attributes: { osVersion: '1' } }])
    expect(revert.state).toBe('New')
  })
})

describe('tasks', () => {
  it('are finished before the implementation ends', () => {
    const story = new ChangeStory().open()
    story.send(c.AddChangeTask, { title: 'Copy' })
    story.submit().ask().outcome('approved')
    story.send(c.StartImplementation, {}, IN_WINDOW)
    expect(story.refused(c.EndImplementation, { outcome: 'failed', notes: 'n' }, IN_WINDOW)).toBe(
      'CHANGE.TASKS_OPEN',
    )
    expect(story.refused(c.FinishChangeTask, { task: 'T1', result: 'skipped' })).toBe('CHANGE.TEXT_REQUIRED')
    story.send(c.FinishChangeTask, { task: 'T1', result: 'done' })
    ended(story)
    expect(story.state).toBe('Review')
  })
})

describe('imports', () => {
  const from = { channel: 'import' as const }
  it('take a commit of configuration for what it is: no evidence of approval or outcome', () => {
    const story = new ChangeStory()
    story.send(c.ImportChangeUpdate, { type: 'configuration-commit', title: 'commit' }, from)
    story.send(c.ImportChangeUpdate, { state: 'Closed' }, from)
    const none = 'no evidence in source'
    expect(last(story)).toMatchObject({ data: { to: 'Closed', outcome: none, authorisation: none } })
    expect(types(story)).toEqual(['ChangeOpened', 'ChangeStateObserved'])
    story.send(c.ImportChangeUpdate, { state: 'Closed' }, from)
    expect(story.events).toHaveLength(2)
  })

  it('mark a step that a live change could not take', () => {
    const story = new ChangeStory()
    story.send(c.ImportChangeUpdate, { type: 'normal', title: 't', state: 'Implement' }, from)
    expect(last(story)).toMatchObject({ data: { irregular: 'CHANGE.STEP_SKIPPED' } })
  })
})

it('values that service configuration has refused are not brought back by a revert', () => {
  const story = new ChangeStory().implementing()
  story.send(c.EndImplementation, { outcome: 'successful', notes: 'It is in.' }, IN_WINDOW)
  expect(story.change.released).toHaveLength(1)
  const refused = { ci: 'CI1', code: 'CI.ATTRIBUTES_INVALID' }
  expect(story.send(c.RecordValuesRefused, refused, IN_WINDOW)).toEqual([
    { type: 'ProposedValuesRefused', data: { ...refused, moved: {} } },
  ])
  expect(story.change.released).toEqual([])
  expect(story.refused(c.RecordValuesRefused, refused, IN_WINDOW)).toBe('CHANGE.NOT_DUE')
})

it('values whose base moved between their release and the writing are told with what they are now', () => {
  const story = new ChangeStory().implementing()
  story.send(c.EndImplementation, { outcome: 'successful', notes: 'It is in.' }, IN_WINDOW)
  const moved = { osVersion: { base: '1', now: '1.5' } }
  const notApplied = {
    type: 'ProposedValuesNotApplied',
    data: {
      change: 'CHG1',
      attributes: { osVersion: '2' },
      code: 'CI.BASE_VALUES_MOVED',
      detail: 'd',
      moved,
    },
  }
  const [event] = recorded('ci-CI1', [notApplied] as never) as never[]
  const { commands } = policySpec(refusedValues).given().when(event!)
  expect(commands).toMatchObject([{ type: 'RecordValuesRefused', id: 'CHG1' }])
  const refused = commands[0]!.data as { ci: string; code: string }
  expect(story.send(c.RecordValuesRefused, refused, IN_WINDOW)).toEqual([
    { type: 'ProposedValuesRefused', data: { ci: 'CI1', code: 'CI.BASE_VALUES_MOVED', moved } },
  ])
})

it('what was told when it was submitted holds for who is told nothing later', () => {
  const story = new ChangeStory().open()
  const surroundings = {
    related: [{ ci: 'CI1', relatedCi: 'CI9' }],
    classes: { CI1: ['server'] },
    position: '7',
  }
  story.send(c.StartAssessment)
  story.send(c.AssessRisk)
  story.send(c.SubmitChange, { surroundings })
  story.others.set('cischedule-CI9', [{ type: 'CiReserved', data: { change: 'CHG9', period: WINDOW } }])
  story.ask()
  expect(story.asked.document.conflicts).toMatchObject([{ kind: 'related-ci-busy', relatedCi: 'CI9' }])
})
