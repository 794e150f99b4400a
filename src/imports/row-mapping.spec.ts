import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ImportMapping, parseMapping } from './mapping.js'
import { RowMapping } from './row-mapping.js'

const SERVICENOW = parseMapping(
  readFileSync(join(__dirname, 'mappings/servicenow-incident-audit-log.yaml'), 'utf8'),
)
const HEADER =
  'number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at'.split(
    ',',
  )
const ROW =
  'INC0000045,New,true,0,0,0,true,Caller 2403,Opened by  8,29/2/2016 01:16,Created by 6,29/2/2016 01:23,Updated by 21,29/2/2016 01:23,Phone,Location 143,Category 55,Subcategory 170,Symptom 72,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,true,false,Do Not Notify,?,?,?,?,code 5,Resolved by 149,29/2/2016 11:29,5/3/2016 12:00'.split(
    ',',
  )

/** What tells the row, which only mappings ask for that make ids from it. */
const IDENTITY = { hash: 'c0ffee00c0ffee00aaaa', ordinal: 0 }
const rows = (mapping: ImportMapping = SERVICENOW) => new RowMapping(mapping, HEADER)
function row(columns: Record<string, string>): string[] {
  return ROW.map((cell, index) => columns[HEADER[index]!] ?? cell)
}

describe("a row of ServiceNow's audit log", () => {
  it('tells all that it says, and every column has a home', () => {
    expect(rows().externalId(ROW, IDENTITY)).toBe('INC0000045')
    expect(rows().read(ROW)).toEqual({
      occurredAt: '2016-02-29T01:23:00.000Z',
      attributedTo: 'servicenow:Updated by 21',
      observed: {
        state: 'New',
        caller: 'servicenow:Caller 2403',
        openedBy: 'servicenow:Opened by  8',
        openedAt: '2016-02-29T01:16:00.000Z',
        contactType: 'Phone',
        location: 'Location 143',
        category: 'Category 55',
        subcategory: 'Subcategory 170',
        symptom: 'Symptom 72',
        primaryCi: null,
        vendor: null,
        impact: 2,
        urgency: 2,
        priority: 3,
        assignmentGroup: 'servicenow:Group 56',
        assignee: null,
        knowledgeUsed: true,
        problem: null,
        fixedByChange: null,
        causedByChange: null,
        resolution: { code: 'code 5', notes: null, resolvedBy: 'servicenow:Resolved by 149' },
        updateCounter: 0,
        fields: {
          incident_state: 'New',
          active: 'true',
          reassignment_count: '0',
          reopen_count: '0',
          made_sla: 'true',
          sys_created_by: 'Created by 6',
          sys_created_at: '2016-02-29T01:23:00.000Z',
          u_priority_confirmation: 'false',
          notify: 'Do Not Notify',
          closed_code: 'code 5',
          resolved_by: 'Resolved by 149',
          resolved_at: '2016-02-29T11:29:00.000Z',
          closed_at: '2016-03-05T12:00:00.000Z',
        },
      },
    })
  })

  it.each([
    ['Active', { state: 'In Progress' }],
    ['Awaiting User Info', { state: 'On Hold', hold: { reason: 'awaiting-caller' } }],
    ['Awaiting Vendor', { state: 'On Hold', hold: { reason: 'awaiting-vendor' } }],
    ['-100', {}],
  ])('%s is a state here', (incident_state, { state, hold }: { state?: string; hold?: object }) => {
    const { observed } = rows().read(row({ incident_state }))
    expect([observed.state, observed.hold]).toEqual([state, hold])
    expect(observed.fields.incident_state).toBe(incident_state)
  })

  it('may leave unset what can be', () => {
    const unset = { impact: '?', priority: '?', assignment_group: '?', sys_updated_by: '?', knowledge: '?' }
    const { observed, attributedTo } = rows().read(row(unset))
    expect(observed).toMatchObject({ priority: null, assignmentGroup: null })
    expect([observed.impact, observed.knowledgeUsed, attributedTo]).toEqual([undefined, undefined, undefined])
  })

  it.each([
    [{ number: '?' }, 'number is missing'],
    [{ number: 'INC45' }, 'number "INC45" does not have the form of a number here'],
    [{ sys_updated_at: '?' }, 'sys_updated_at is missing'],
    [{ sys_updated_at: '31/2/2016 01:23' }, 'sys_updated_at "31/2/2016 01:23" is no time of the form'],
    [{ closed_at: 'soon' }, 'closed_at "soon" is no time of the form'],
    [{ incident_state: 'Lost' }, 'incident_state "Lost" is no known state'],
    [{ impact: 'High' }, 'impact "High" is no known rank'],
    [{ priority: '123 - Odd' }, 'priority "123 - Odd" is no known rank'],
    [{ knowledge: 'maybe' }, 'knowledge "maybe" is neither true nor false'],
    [{ sys_mod_count: '-1' }, 'sys_mod_count "-1" is no count'],
    [{ assigned_to: 'x'.repeat(200) }, 'assigned_to "servicenow:xxx'],
    [{ caller_id: 'a\u0000b' }, 'caller_id "servicenow:a'],
  ])('that can not be used says why: %p', (columns, reason) => {
    const cells = row(columns as Record<string, string>)
    const use = () => {
      rows().externalId(cells, IDENTITY)
      rows().read(cells)
    }
    expect(use).toThrow(reason)
  })
})

describe('a mapping', () => {
  it('that speaks of columns that the file lacks is refused, naming all', () => {
    const without = HEADER.filter((name) => name !== 'caller_id' && name !== 'closed_at')
    expect(() => new RowMapping(SERVICENOW, without)).toThrow(
      expect.objectContaining({
        code: 'IMPORT.COLUMNS_MISSING',
        extra: {
          errors: [
            { pointer: '/fields/caller', message: 'the file has no column "caller_id"' },
            { pointer: '/backFilled/3', message: 'the file has no column "closed_at"' },
            { pointer: '/times/2', message: 'the file has no column "closed_at"' },
          ],
        },
      }),
    )
  })

  it('of another file is refused in one sentence that names the columns there are', () => {
    const refused = () => new RowMapping(SERVICENOW, ['Ticket', 'Opened'])
    expect(refused).toThrow(/another file.*Columns of the file: Ticket, Opened$/)
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'IMPORT.COLUMNS_MISSING',
        message: expect.not.stringContaining('\n'),
        extra: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/fields/caller' })]) },
      }),
    )
  })

  it('keeps the labels of ranks where no matrix tells them', () => {
    const { priorityMatrix: _, ...mapping } = SERVICENOW
    expect(rows(mapping).read(ROW).observed.fields).toMatchObject({
      impact: '2 - Medium',
      priority: '3 - Moderate',
    })
  })

  it('may give ranks and answers names of its own', () => {
    const fields = {
      ...SERVICENOW.fields,
      impact: { column: 'impact', ranks: { '2 - Medium': 7 } },
      knowledgeUsed: { column: 'active', yes: ['false'], no: ['true'] },
    }
    const { observed } = rows({ ...SERVICENOW, fields }).read(ROW)
    expect([observed.impact, observed.knowledgeUsed]).toEqual([7, false])
  })

  it('with numbers to keep takes only what can be one, whatever its pattern', () => {
    const mapping: ImportMapping = { ...SERVICENOW, number: { policy: 'keep', pattern: '.' } }
    expect(() => rows(mapping).externalId(row({ number: 'a/b' }), IDENTITY)).toThrow(
      'does not have the form of a number',
    )
    const allot: ImportMapping = { ...SERVICENOW, number: { policy: 'allot' } }
    expect(rows(allot).externalId(row({ number: 'a/b' }), IDENTITY)).toBe('a/b')
  })

  it('gives a group another id that could not be told from the own queue', () => {
    const prefixed = rows()
    const groupOf = (mapping: RowMapping) =>
      mapping.read(row({ assignment_group: 'mine' })).observed.assignmentGroup
    expect(groupOf(prefixed)).toBe('servicenow:mine')
    expect(prefixed.renamedGroups).toEqual({})
    const plain = rows({ ...SERVICENOW, namespaces: { people: '', groups: '' } })
    expect(groupOf(plain)).toBe('mine (group)')
    expect(plain.renamedGroups).toEqual({ mine: 'mine (group)' })
    // A person may be called so
    expect(plain.read(row({ assigned_to: 'mine' })).observed.assignee).toBe('mine')
  })

  it('names problems and changes that are elsewhere so that none of this desk has such a number', () => {
    const linked = row({ problem_id: 'Problem ID  2', rfc: 'CHG0000132', caused_by: 'CHG0000097' })
    expect(rows().read(linked).observed).toMatchObject({
      problem: 'servicenow:Problem ID  2',
      fixedByChange: 'servicenow:CHG0000132',
      causedByChange: 'servicenow:CHG0000097',
    })
    const own = rows({ ...SERVICENOW, namespaces: { people: '', groups: '' } })
    expect(own.read(linked).observed).toMatchObject({ fixedByChange: 'CHG0000132' })
    // What is no link stays as the source says it.
    expect(rows().read(row({ vendor: 'CHG0000132' })).observed.vendor).toBe('CHG0000132')
  })

  it('lets nobody of the source be the program itself', () => {
    const mapping = { ...SERVICENOW, namespaces: { people: '', groups: '' } }
    expect(() => rows(mapping).read(row({ assigned_to: 'system:policy' }))).toThrow(
      'assigned_to "system:policy"',
    )
  })

  it('may make ids from rows', () => {
    const mapping: ImportMapping = { ...SERVICENOW, externalId: { from: 'row' }, number: { policy: 'allot' } }
    expect(rows(mapping).externalId(ROW, IDENTITY)).toBe('c0ffee00c0ffee00')
    expect(rows(mapping).externalId(ROW, { ...IDENTITY, ordinal: 2 })).toBe('c0ffee00c0ffee00-3')
    // The column is one like any other then.
    expect(rows(mapping).read(ROW).observed.fields).toMatchObject({ number: 'INC0000045' })
  })

  it.each([
    ['milliseconds', '1500', '2016-02-29T01:23:01.500Z'],
    ['seconds', '1.5', '2016-02-29T01:23:01.500Z'],
    ['minutes', '2', '2016-02-29T01:25:00.000Z'],
    ['hours', '0.5', '2016-02-29T01:53:00.000Z'],
    ['days', '1', '2016-03-01T01:23:00.000Z'],
  ] as const)('may have times that are later or earlier by %s', (unit, length, later) => {
    const duration = { column: 'notify', unit }
    const mapping: ImportMapping = {
      ...SERVICENOW,
      time: { ...SERVICENOW.time, laterBy: duration },
      fields: { ...SERVICENOW.fields, openedAt: { earlierBy: duration } },
    }
    const { occurredAt, observed } = rows(mapping).read(row({ notify: length }))
    expect([occurredAt, observed.openedAt]).toEqual([later, '2016-02-29T01:23:00.000Z'])
    // What the column says is kept besides.
    expect(observed.fields).toMatchObject({ notify: length, sys_updated_at: expect.any(String) })
    expect(() => rows(mapping).read(row({ notify: '?' }))).toThrow('notify is missing')
  })

  it('may state the time of all rows', () => {
    const { openedAt: _, ...fields } = SERVICENOW.fields
    const time = { constant: '2016-12-31T01:00:00+01:00', zone: 'UTC', precision: 'second' } as const
    const mapping: ImportMapping = { ...SERVICENOW, times: [], time, fields }
    expect(rows(mapping).read(ROW).occurredAt).toBe('2016-12-31T00:00:00.000Z')
  })

  it('may state a field, of all rows or of those in some state', () => {
    const mapping: ImportMapping = {
      ...SERVICENOW,
      namespaces: { people: 'x:', groups: '' },
      fields: {
        contactType: { constant: 'portal' },
        openedBy: { constant: 'robot' },
        assignmentGroup: { constant: 'mine' },
        symptom: { constant: 'anomaly', when: ['Active'] },
        assignee: { column: 'assigned_to', when: ['Active'] },
      },
    }
    const reading = rows(mapping)
    const always = { contactType: 'portal', openedBy: 'x:robot', assignmentGroup: 'mine (group)' }
    const fresh = reading.read(row({ assigned_to: 'Ann' })).observed
    expect(fresh).toMatchObject(always)
    expect([fresh.symptom, fresh.assignee, fresh.fields.assigned_to]).toEqual([undefined, undefined, 'Ann'])
    const active = reading.read(row({ assigned_to: 'Ann', incident_state: 'Active' })).observed
    expect(active).toMatchObject({ ...always, symptom: 'anomaly', assignee: 'x:Ann' })
  })

  it('may fill custom fields', () => {
    const mapping: ImportMapping = {
      ...SERVICENOW,
      customFields: {
        notify: 'notify',
        hops: { column: 'reassignment_count', as: 'number' },
        kept: { column: 'made_sla', yes: ['true'], no: ['false'] },
      },
    }
    const { customFields, fields } = rows(mapping).read(row({ reassignment_count: '-1.50' })).observed
    expect(customFields).toEqual({ notify: 'Do Not Notify', hops: -1.5, kept: true })
    expect(fields).toMatchObject({ reassignment_count: '-1.50' })
    expect(fields).not.toHaveProperty('notify')
    const unset = rows(mapping).read(row({ notify: '?', reassignment_count: '?', made_sla: '?' })).observed
    expect(unset.customFields).toEqual({ notify: null, hops: null, kept: null })
    expect(() => rows(mapping).read(row({ reassignment_count: 'many' }))).toThrow('"many" is no number')
    expect(() => rows(mapping).read(row({ made_sla: 'perhaps' }))).toThrow('neither true nor false')
  })

  it('may keep columns under the names by which figures find them', () => {
    const mapping: ImportMapping = {
      ...SERVICENOW,
      told: {
        state: 'notify',
        reassignment_count: 'reassignment_count',
        resolved_at: 'closed_at',
        made_sla: { column: 'active', values: { true: 'true', false: 'false' } },
      },
      times: ['closed_at'],
      backFilled: ['closed_code', 'resolved_by', 'closed_at'],
    }
    // ServiceNow's own column of that name would be lost.
    expect(() => rows(mapping)).toThrow(
      expect.objectContaining({
        code: 'IMPORT.COLUMN_NAMED_TWICE',
        extra: {
          errors: ['resolved_at', 'made_sla'].map((name) => ({
            pointer: `/told/${name}`,
            message: `the file has a column "${name}", which would be kept under that name too`,
          })),
        },
      }),
    )
    const header = HEADER.map((name) =>
      name === 'made_sla' || name === 'resolved_at' ? `old_${name}` : name,
    )
    const read = (columns: Record<string, string>) =>
      new RowMapping(mapping, header).read(row(columns)).observed
    expect(read({}).fields).toMatchObject({
      state: 'Do Not Notify',
      reassignment_count: '0',
      made_sla: 'true',
      active: 'true',
      resolved_at: '2016-03-05T12:00:00.000Z',
      old_made_sla: 'true',
    })
    expect(read({}).fields).not.toHaveProperty('notify')
    expect(read({ active: '?' }).fields).toMatchObject({ made_sla: null })
  })

  it('may take values without the blanks at their ends', () => {
    const mapping: ImportMapping = { ...SERVICENOW, trimmed: ['assigned_to', 'incident_state'] }
    const blanks = row({ assigned_to: ' Ann ', caller_id: 'Bob', symptom: ' x', incident_state: ' New' })
    expect(rows(mapping).read(blanks).observed).toMatchObject({ assignee: 'servicenow:Ann', state: 'New' })
    expect(() => rows().read(blanks)).toThrow('without blanks at either end')
  })

  it('may take a state that it does not list', () => {
    const { state } = SERVICENOW
    const lenient = rows({ ...SERVICENOW, state: { ...state, otherwise: 'keep' } as typeof state })
    expect(lenient.read(row({ incident_state: 'Lost' })).observed.state).toBeUndefined()
  })

  it('may tell the states that a record went through', () => {
    const mapping: ImportMapping = {
      ...SERVICENOW,
      state: { constant: ['In Progress', 'Resolved', 'Closed'] },
    }
    expect(rows(mapping).read(ROW).observed).toMatchObject({
      state: 'Closed',
      through: ['In Progress', 'Resolved'],
    })
  })

  it('may have a column that tells why a record is on hold', () => {
    const hold = { column: 'notify', values: { caller: 'awaiting-caller', vendor: 'awaiting-vendor' } }
    const mapping: ImportMapping = {
      ...SERVICENOW,
      state: { column: 'incident_state', values: { New: { state: 'On Hold', hold } } },
    }
    expect(rows(mapping).read(row({ notify: 'vendor' })).observed).toMatchObject({
      state: 'On Hold',
      hold: { reason: 'awaiting-vendor' },
      fields: { notify: 'vendor' },
    })
    const untold = rows(mapping).read(row({ notify: '?' })).observed
    expect([untold.state, untold.hold]).toEqual(['On Hold', undefined])
    expect(() => rows(mapping).read(row({ notify: 'rain' }))).toThrow('notify "rain" is no known reason')
    expect(
      () =>
        new RowMapping(
          mapping,
          HEADER.filter((name) => name !== 'notify'),
        ),
    ).toThrow('/state/values/New/hold/column: the file has no column "notify"')
  })
})
