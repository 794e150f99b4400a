import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import { AuditLog, at, CHANGE, CI } from './audit-log.fixture.js'

const plan = { title: 'More memory', affectedCis: [CI], proposedValues: [] }
const approved: ChangeEvent = {
  type: 'ChangeApproved',
  data: { round: 1, approval: 'A', hash: 'h', approvers: ['lea'] },
}
const started = (implementer: string): ChangeEvent => ({
  type: 'ImplementationStarted',
  data: {
    basis: { kind: 'approval', approval: 'A', round: 1, hash: 'h', approvers: ['lea'] },
    implementer,
    breaches: [],
  },
})
const ended = (endedAt: string, outcome: 'successful' | 'failed' = 'successful'): ChangeEvent => ({
  type: 'ImplementationEnded',
  data: { outcome, endedAt, notes: 'Done' },
})
const implementedBefore: ChangeEvent = {
  type: 'ImplementedBeforeApproval',
  data: {
    startedAt: at(7),
    implementer: 'ian',
    ratifyBy: at(20),
    settingsVersion: 0,
    round: 1,
    period: { start: at(7), end: at(9) },
  },
}
const ratified: ChangeEvent = {
  type: 'ChangeRatified',
  data: { round: 1, approval: 'A', hash: 'h', approvers: ['lea'], late: false },
}
const voided = (round: number, from: 'Authorize' | 'Scheduled' = 'Scheduled'): ChangeEvent => ({
  type: 'ChangeApprovalVoided',
  data: {
    round,
    approval: `A${round}`,
    hash: 'h',
    fields: ['window'],
    from,
    nextRound: round + 1,
    period: null,
  },
})
const reviewed: ChangeEvent = {
  type: 'ChangeReviewed',
  data: { objectivesMet: true, conclusion: 'Fine', lessons: null },
}
const opened = (more: Partial<Extract<ChangeEvent, { type: 'ChangeOpened' }>['data']> = {}): ChangeEvent => ({
  type: 'ChangeOpened',
  data: { ...plan, type: 'normal', requester: 'rita', ...more },
})
const memory = (after: number, change?: string): CiEvent => ({
  type: 'CiChanged',
  data: { changes: { ramGigabytes: { before: 8, after } }, ...(change && { change }) },
})

describe('What auditors ask', () => {
  let log: AuditLog
  beforeEach(() => {
    log = new AuditLog()
    log.ci(
      { type: 'CiRegistered', data: { class: 'server', name: 'db-01', attributes: {} } },
      { occurredAt: at(1) },
    )
  })

  // As they stood at every position, they are told from the end
  afterEach(() => expect(log.toldOtherwise()).toEqual([]))

  it('tells what was put right as it stood before, by what is kept of it (counter-proof)', () => {
    log.change(opened())
    log.change(ended(at(9), 'failed'))
    const { position } = log.change(started('ian'))
    log.change(reviewed)
    expect(log.toldOtherwise(() => undefined)).toContain(position)
  })

  it('finds nothing in a change that was approved, implemented in time by a third, and reviewed', () => {
    log.change(opened(), { occurredAt: at(8) })
    log.change(approved, { occurredAt: at(9) })
    log.change(started('ian'), { occurredAt: at(10) })
    log.ci(memory(16, CHANGE), { occurredAt: at(10, 30) })
    log.change(ended(at(11)), { occurredAt: at(11) })
    log.change(reviewed, { occurredAt: at(12) })
    expect(log.findings).toEqual([])
  })

  describe('of a modification', () => {
    const verdicts = () =>
      log.findings
        .filter(({ verdicts: all }) => all !== undefined)
        .map(({ verdicts }) => verdicts?.map(({ verdict }) => verdict))

    it('finds that no change is named, or none that there is', () => {
      const { id } = log.ci(memory(16), { occurredAt: at(10), actor: 'ian' })
      log.ci(memory(32, 'CHG0000009'), { occurredAt: at(11) })
      expect(verdicts()).toEqual([['no-change'], ['no-change']])
      expect(log.findings[0]).toMatchObject({
        question: 'modification-outside-change',
        record: CI,
        at: at(10),
        persons: ['ian'],
        details: ['ramGigabytes'],
        events: [id],
      })
    })

    it('asks only about attributes that are controlled, of the class and those above it', () => {
      log.ci({ type: 'CiChanged', data: { changes: { location: { before: null, after: 'Berlin' } } } })
      expect(log.findings).toEqual([])
      log.ci({ type: 'CiReclassified', data: { before: 'rack', after: 'printer' } })
      log.ci(memory(16), { commandId: 'another' })
      expect(log.findings).toEqual([])
      const attribute = { schema: {}, presence: 'optional', changeControlled: true } as const
      const printer = { name: 'printer', label: 'Printer', parent: 'thing', abstract: false, attributes: {} }
      const thing = {
        name: 'thing',
        label: 'Thing',
        parent: null,
        abstract: true,
        attributes: { location: attribute },
      }
      const data = { version: 1, classes: [printer, thing] as never, warnings: [] }
      log.tell('settings-ci-classes', { type: 'CiClassesPublished', data })
      log.ci({ type: 'CiChanged', data: { changes: { location: { before: 'Berlin', after: null } } } })
      expect(verdicts()).toEqual([['no-change']])
    })

    it('finds that an item was retired, unless its class has nothing under control', () => {
      log.ci({ type: 'CiRetired', data: {} })
      expect(log.findings).toMatchObject([{ details: ['status'], verdicts: [{ verdict: 'no-change' }] }])
      log.ci({ type: 'CiReclassified', data: { before: 'rack', after: 'printer' } })
      log.ci({ type: 'CiRetired', data: {} }, { commandId: 'another' })
      expect(log.findings).toHaveLength(1)
    })

    it('finds that an item was renamed, or its name corrected, unless a source said so in a commit of its own', () => {
      const renamed: CiEvent = { type: 'CiRenamed', data: { before: 'db-01', after: 'db-02' } }
      log.ci(renamed)
      log.ci({ type: 'CiCorrected', data: { name: 'db-03' } }, { commandId: 'another' })
      expect(log.findings).toMatchObject([{ details: ['name'] }, { details: ['name'] }])
      log.change(opened({ type: 'configuration-commit' }))
      log.ci({ ...renamed, data: { ...renamed.data, change: CHANGE } } as CiEvent, { channel: 'import' })
      expect(log.findings).toHaveLength(2)
    })

    it('finds that an item was given another class, and what went with the old one, or came with the new one', () => {
      const reclassified = (before: string, after: string): CiEvent => ({
        type: 'CiReclassified',
        data: { before, after },
      })
      log.ci(reclassified('server', 'pc'), { commandId: 'out' })
      log.ci(memory(16), { commandId: 'out' })
      log.ci(memory(32), { commandId: 'meanwhile' })
      log.ci(reclassified('pc', 'server'), { commandId: 'in' })
      expect(log.findings.map(({ details, verdicts }) => [details, verdicts?.[0]?.verdict])).toEqual([
        [['class'], 'no-change'],
        [['ramGigabytes'], 'no-change'],
        [['class'], 'no-change'],
      ])
    })

    it.each([
      ['in the scope of another item only', opened({ affectedCis: ['CI0000002'] }), 10, 'ci-not-in-scope'],
      [
        'to another value than planned',
        opened({ proposedValues: [{ ci: CI, attributes: { ramGigabytes: 64 } }] }),
        10,
        'value-differs',
      ],
      [
        'of an attribute that the plan leaves alone',
        opened({ proposedValues: [{ ci: CI, attributes: { cpu: '8 cores' } }] }),
        10,
        'value-differs',
      ],
      ['long before it was begun', opened(), 8, 'outside-window'],
      ['long after it was ended', opened(), 14, 'outside-window'],
    ])('finds one %s', (_, opening, hour, verdict) => {
      log.change(opening, { occurredAt: at(6) })
      log.change(approved)
      log.change(started('ian'), { occurredAt: at(10) })
      log.change(ended(at(12)))
      log.ci(memory(16, CHANGE), { occurredAt: at(hour) })
      expect(verdicts()).toEqual([[verdict]])
    })

    it('forgives half an hour, and what the program itself writes when a change has ended', () => {
      log.change(opened(), { occurredAt: at(6) })
      log.change(approved)
      log.change(started('ian'), { occurredAt: at(10) })
      log.change(ended(at(12)))
      log.ci(memory(16, CHANGE), { occurredAt: at(9, 30) })
      log.ci(memory(32, CHANGE), { occurredAt: at(12, 30) })
      log.ci(memory(64, CHANGE), { occurredAt: at(14), channel: 'policy' })
      expect(log.findings).toEqual([])
      log.ci(memory(48, CHANGE), { occurredAt: at(12, 31) })
      expect(verdicts()).toEqual([['outside-window']])
    })

    it('judges again when it ends earlier than was thought; who did it is behind it, not who said so', () => {
      log.change(opened())
      log.change(approved)
      log.change(started('ian'), { occurredAt: at(10) })
      const { id } = log.ci(memory(16, CHANGE), { occurredAt: at(13), actor: 'ian' })
      expect(log.findings).toEqual([])
      const { id: end } = log.change(ended(at(11)), { actor: 'mia' })
      expect(verdicts()).toEqual([['authorised', 'outside-window']])
      expect(log.findings[0]).toMatchObject({ standing: true, events: [id, end], persons: ['ian'] })
    })

    it.each([
      ['nobody had approved', [opened()]],
      ['was no longer approved', [opened(), approved, voided(1)]],
    ])('finds one of a change that %s', (_, events) => {
      for (const event of events) log.change(event)
      log.change(started('ian'), { occurredAt: at(10) })
      log.ci(memory(16, CHANGE), { occurredAt: at(10) })
      expect(verdicts()).toEqual([['not-approved']])
    })

    it('finds one of an emergency until that is ratified, and one after a change was canceled', () => {
      log.change(opened({ type: 'emergency' }))
      log.change(implementedBefore)
      log.ci(memory(16, CHANGE), { occurredAt: at(8) })
      expect(verdicts()).toEqual([['not-approved']])
      log.change(ratified)
      expect(verdicts()).toEqual([['not-approved', 'authorised']])
      log.change({ type: 'ChangeCanceled', data: { from: 'Implement', notes: 'No' } }, { occurredAt: at(9) })
      log.ci(memory(32, CHANGE), { occurredAt: at(10) })
      expect(verdicts()).toEqual([['not-approved', 'authorised'], ['outside-window']])
    })

    describe('that named no change', () => {
      const OTHER = 'CHG0000002'
      const link = { relation: 'related-to', targetType: 'configuration-item', target: CI } as const
      const done = (number: string, hour: number, affectedCis = [CI]) => {
        const events = [opened({ affectedCis }), approved, started('ian'), ended(at(hour + 1))]
        for (const event of events) log.tell(`change-${number}`, event, { occurredAt: at(hour) })
      }
      const linked = (number: string) =>
        log.tell(`change-${number}`, { type: 'ChangeLinked', data: { link } })

      it('is judged again by the one that is linked late; both verdicts stay, and what a reviewer said of it', () => {
        log.ci(memory(16), { occurredAt: at(10, 30) })
        const { id, question, record, persons } = log.findings[0]!
        const data = { disposition: 'deficiency', comment: 'No change', question, record, persons } as const
        log.tell(`finding-${id}`, { type: 'FindingDisposed', data }, { actor: 'audrey' })
        done(CHANGE, 10)
        linked(CHANGE)
        expect(verdicts()).toEqual([['no-change', 'authorised']])
        expect(log.findings[0]).toMatchObject({ standing: false, change: CHANGE, disposition: 'deficiency' })
        log.change({ type: 'ChangeUnlinked', data: { link } })
        expect(verdicts()).toEqual([['no-change', 'authorised', 'no-change']])
        expect(log.findings[0]?.standing).toBe(true)
        linked(CHANGE)
        expect(log.findings[0]?.standing).toBe(false)
      })

      it('is judged by each that is linked, until one allows it, and not put into a scope by the link', () => {
        log.ci(memory(16), { occurredAt: at(10, 30) })
        log.ci(memory(32), { occurredAt: at(14, 30) })
        done(CHANGE, 10)
        done(OTHER, 14)
        done('CHG0000003', 10, ['CI0000009'])
        linked('CHG0000003')
        linked(CHANGE)
        linked(OTHER)
        expect(verdicts()).toEqual([
          ['no-change', 'ci-not-in-scope', 'authorised'],
          ['no-change', 'ci-not-in-scope', 'outside-window', 'authorised'],
        ])
      })
    })

    it('stays allowed by one change when another is unlinked, and is told otherwise when none is left that allows it', () => {
      const [one, other, third] = [CHANGE, 'CHG0000002', 'CHG0000003']
      const link = { relation: 'related-to', targetType: 'configuration-item', target: CI } as const
      const allowing = (number: string) => {
        for (const event of [opened(), approved, started('ian')])
          log.tell(`change-${number}`, event, { occurredAt: at(10) })
      }
      const say = (type: 'ChangeLinked' | 'ChangeUnlinked', number: string) =>
        log.tell(`change-${number}`, { type, data: { link } })
      const told = () => log.findings[0]?.verdicts?.map(({ verdict, change }) => [verdict, change])
      log.ci(memory(16), { occurredAt: at(10, 30) })
      log.change(opened())
      say('ChangeLinked', one)
      allowing(other)
      say('ChangeLinked', other)
      say('ChangeUnlinked', one)
      const before = [
        ['no-change', undefined],
        ['not-approved', one],
        ['authorised', other],
      ]
      expect(told()).toEqual(before)
      expect(log.findings[0]?.standing).toBe(false)
      allowing(third)
      say('ChangeLinked', third)
      say('ChangeUnlinked', other)
      expect(told()).toEqual([...before, ['authorised', third]])
      say('ChangeUnlinked', third)
      expect(told()).toEqual([...before, ['authorised', third], ['no-change', undefined]])
      expect(log.findings[0]).toMatchObject({ standing: true, change: undefined })
    })

    it('finds one that is made here under the number of a commit of a source, as none that the source made', () => {
      log.change(opened({ type: 'configuration-commit' }), { channel: 'import' })
      log.ci(memory(16, CHANGE), { channel: 'import' })
      expect(verdicts()).toEqual([])
      log.ci(memory(32, CHANGE))
      expect(verdicts()).toEqual([['not-approved']])
      expect(log.findings[0]).toMatchObject({ change: CHANGE, standing: true })
    })

    it('finds nothing in a commit of a source, which tells nothing of approval', () => {
      log.change(opened({ type: 'configuration-commit' }), { channel: 'import' })
      log.ci(memory(16, CHANGE), { channel: 'import' })
      const observed = { from: 'New', to: 'Closed', outcome: 'no evidence in source' } as const
      const { position } = log.change(
        { type: 'ChangeStateObserved', data: observed },
        { channel: 'import', occurredAt: at(9) },
      )
      expect(log.findings).toEqual([])
      expect(log.commits).toEqual([{ at: at(9), position }])
    })
  })

  it('finds what was begun before it was approved, until it is ratified and reviewed', () => {
    log.change(opened({ type: 'emergency' }))
    log.change(implementedBefore)
    log.change(ended(at(9)))
    expect(log.questions).toEqual([
      'started-before-approval',
      'emergency-not-ratified',
      'emergency-not-reviewed',
    ])
    log.change(ratified)
    log.change(reviewed)
    expect(log.questions).toEqual([
      'started-before-approval',
      'emergency-not-ratified, put right',
      'emergency-not-reviewed, put right',
    ])
  })

  it('finds it in the time in which it was done, not when somebody wrote that down', () => {
    log.change(opened({ type: 'emergency', requester: 'ian' }), { occurredAt: at(12) })
    log.change(implementedBefore, { occurredAt: at(12) })
    log.change(ended(at(9), 'failed'), { occurredAt: at(13) })
    expect(log.findings.map(({ question, at: time }) => [question, time])).toEqual([
      ['started-before-approval', at(7)],
      ['emergency-not-ratified', at(7)],
      ['duties-not-separated', at(7)],
      ['failed-not-reviewed', at(9)],
      ['emergency-not-reviewed', at(9)],
    ])
  })

  it('finds what a source tells was begun without approval', () => {
    log.change(opened(), { channel: 'import' })
    log.change({ type: 'ChangeStateObserved', data: { from: 'New', to: 'Implement' } }, { channel: 'import' })
    expect(log.questions).toEqual(['started-before-approval'])
  })

  it('finds failed ones without a review', () => {
    log.change(opened())
    log.change(ended(at(9), 'failed'))
    expect(log.questions).toEqual(['failed-not-reviewed'])
    log.change(reviewed)
    expect(log.questions).toEqual(['failed-not-reviewed, put right'])
  })

  it('finds each approval that an edit has voided', () => {
    log.change(opened())
    for (const round of [1, 2]) log.change(voided(round))
    log.change(voided(3, 'Authorize'))
    expect(log.questions).toEqual(['approval-voided-by-edit', 'approval-voided-by-edit'])
    expect(log.findings[0]?.details).toEqual(['window'])
  })

  it('finds one that was given and voided before the change had heard of it', () => {
    const subject = { type: 'change', number: CHANGE } as const
    log.change(opened())
    log.tell('approval-A1', { type: 'ApprovalRequested', data: { subject, approvers: [] } } as never)
    const data = { approver: 'lea', roles: [{ role: 'change-manager', grant: 'g' }], hash: 'h' }
    log.tell('approval-A1', { type: 'ApprovalGranted', data } as never, { actor: 'lea' })
    log.change(voided(1, 'Authorize'))
    log.change(voided(2, 'Authorize'))
    expect(log.questions).toEqual(['approval-voided-by-edit'])
  })

  it.each([
    ['the one who wants it approves it', 'lea', 'ian', ['requester-approves']],
    ['the one who wants it implements it', 'rita', 'rita', ['requester-implements']],
    ['one who has approved it implements it', 'rita', 'lea', ['approver-implements']],
    ['one does all', 'lea', 'lea', ['requester-approves', 'requester-implements', 'approver-implements']],
  ])('finds that %s', (_, requester, implementer, details) => {
    log.change(opened({ requester }))
    log.change(approved)
    log.change(started(implementer))
    expect(log.findings).toEqual([
      expect.objectContaining({ question: 'duties-not-separated', details: expect.arrayContaining(details) }),
    ])
    expect(log.findings[0]?.details).toHaveLength(details.length)
  })

  it.each<[string, ChangeEvent, readonly string[]]>([
    [
      'ended it',
      { type: 'ImplementationEnded', data: { outcome: 'successful', endedAt: at(8), notes: 'Done' } },
      ['approver-implements'],
    ],
    [
      'did a task of it',
      { type: 'ChangeTaskFinished', data: { task: 'T1', result: 'done', notes: null } },
      ['approver-implements'],
    ],
    [
      'said that a task need not be done',
      { type: 'ChangeTaskFinished', data: { task: 'T1', result: 'skipped', notes: 'No need' } },
      [],
    ],
  ])('counts among those who implement it who %s', (_, event, details) => {
    log.change(opened())
    log.change(approved)
    log.change(started('ian'))
    log.change(event, { actor: 'lea', channel: 'api' })
    expect(log.findings.flatMap((finding) => finding.details)).toEqual(details)
  })

  it('counts who approved its model as one who has approved a standard change', () => {
    const document = { change: CHANGE, plan, conflicts: [], baseValues: [] }
    const scheduled = { model: 'restart', revision: 1, approver: 'lea', hash: 'h', document }
    log.change(opened({ type: 'standard' }))
    log.change({ type: 'ChangeScheduled', data: { ...scheduled, period: { start: at(7), end: at(9) } } })
    log.change(started('lea'))
    expect(log.findings).toMatchObject([
      { question: 'duties-not-separated', details: ['approver-implements'], persons: ['lea'] },
    ])
  })

  describe('of an approver', () => {
    const granted = (roles: readonly { role: 'change-manager' | 'team-lead'; grant: string }[]) => {
      const subject = { type: 'change', number: CHANGE } as const
      log.tell('approval-A', { type: 'ApprovalRequested', data: { subject, approvers: [] } } as never)
      const data = { approver: 'lea', roles, hash: 'h' }
      log.tell('approval-A', { type: 'ApprovalGranted', data }, { occurredAt: at(10), actor: 'lea' })
    }
    const entitled = () =>
      log.questions.filter((question) => question === 'approver-not-entitled').length === 0
    const revoke = (role: 'change-manager' | 'team-lead', hour: number) =>
      log.person(
        'lea',
        { type: 'RoleRevoked', data: { role, source: 'administrator' } },
        { occurredAt: at(hour) },
      )

    it('finds that a right had ended before he answered, though it was told later', () => {
      granted([{ role: 'change-manager', grant: 'g' }])
      revoke('change-manager', 11)
      expect(entitled()).toBe(true)
      revoke('change-manager', 9)
      expect(entitled()).toBe(false)
    })

    it('finds nothing while another right stands, and something when that has ended too', () => {
      granted([
        { role: 'change-manager', grant: 'g' },
        { role: 'team-lead', grant: 'h' },
      ])
      revoke('change-manager', 9)
      expect(entitled()).toBe(true)
      revoke('team-lead', 9)
      expect(entitled()).toBe(false)
    })

    it('finds that he had left, and that he never had a right', () => {
      granted([{ role: 'change-manager', grant: 'g' }])
      log.person('lea', { type: 'PersonDeactivated', data: {} }, { occurredAt: at(9) })
      expect(entitled()).toBe(false)
      log = new AuditLog()
      granted([])
      expect(entitled()).toBe(false)
    })
  })

  it('keeps what a reviewer says of a finding, and who has read of it', () => {
    log.ci(memory(16))
    const { id, question, record, persons } = log.findings[0]!
    const data = { disposition: 'deficiency', comment: 'Nobody knew', question, record, persons } as const
    log.tell(`finding-${id}`, { type: 'FindingDisposed', data }, { actor: 'audrey' })
    expect(log.findings[0]).toMatchObject({
      disposition: 'deficiency',
      comment: 'Nobody knew',
      reviewer: 'audrey',
    })
    const read = { what: 'findings', query: 'question = "x"', rows: 1, form: 'csv' } as const
    log.tell('auditread-audrey', { type: 'AuditDataRead', data: read }, { actor: 'audrey' })
    expect(log.findings[1]).toMatchObject({
      question: 'audit-data-read',
      persons: ['audrey'],
      details: ['csv', '1 rows', 'question = "x"'],
    })
  })

  it('finds whose rights begin and end otherwise than by a role', () => {
    const delegation = { delegationId: 'd', to: 'ben' }
    log.tell('group-Network', { type: 'GroupRegistered', data: { name: 'Network', manager: 'lea' } })
    log.tell('group-Desk', { type: 'GroupRegistered', data: { name: 'Desk' } })
    log.person('lea', { type: 'DelegationRevoked', data: delegation })
    log.person('lea', { type: 'PersonDeactivated', data: {} })
    log.person('lea', { type: 'PersonReactivated', data: {} })
    log.person('lea', { type: 'PersonChanged', data: { email: null } })
    expect(log.findings.map(({ record, details, persons }) => [record, details, persons])).toEqual([
      ['Network', ['manager', 'lea'], ['ann', 'lea']],
      ['lea', ['delegates no more to', 'ben'], ['ann', 'ben']],
      ['lea', ['deactivated'], ['ann', 'lea']],
      ['lea', ['reactivated'], ['ann', 'lea']],
    ])
  })

  it('finds who has changed rights, and the rules of who may allow what', () => {
    log.person('lea', { type: 'RoleGranted', data: { role: 'change-manager', source: 'administrator' } })
    const published = { version: 3, policies: [] }
    log.tell('settings-approval-policies', { type: 'ApprovalPoliciesPublished', data: published } as never)
    log.tell('settings-incident-templates', {
      type: 'IncidentTemplatesPublished',
      data: { version: 1 },
    } as never)
    log.tell('group-Network', { type: 'GroupChanged', data: { manager: 'mia' } })
    expect(log.findings.map(({ record, details, persons }) => [record, details, persons])).toEqual([
      ['lea', ['granted', 'change-manager'], ['ann', 'lea']],
      ['approval-policies', ['version 3'], ['ann']],
      ['Network', ['manager', 'mia'], ['ann', 'mia']],
    ])
  })
})
