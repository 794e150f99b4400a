import fc from 'fast-check'
import type { InvalidInput } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec, recorded } from '#libs/testing'
import * as commands from './ci.commands.js'
import { ciDecider } from './ci.decider.js'
import type { Ci } from './ci.state.js'
import { ciNameId } from './ci-name.decider.js'
import type { CiEvent } from './configuration.events.js'

const ID = 'CI0000001'
const spec = deciderSpec(ciDecider)
const at = (day: number, reason?: string) =>
  commandMetadata({ occurredAt: `2026-01-${String(day).padStart(2, '0')}T09:00:00.000Z`, reason })
const day = (n: number) => at(n).occurredAt

const registered = (attributes: Extract<CiEvent, { type: 'CiRegistered' }>['data']['attributes'] = {}) =>
  ({
    type: 'CiRegistered',
    data: { class: 'server', name: 'db-01', attributes },
    metadata: { occurredAt: day(1), commandId: 'registration' },
  }) as const
const reserved = (name: string, ofClass = 'server', ci = ID, operation = commandMetadata().commandId) =>
  [
    `ciname-${ciNameId({ class: ofClass, name })}`,
    { type: 'CiNameReserved', data: { class: ofClass, name, ci, operation } },
  ] as const

/** Pointers of a refusal. */
function pointers(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    return ((error as InvalidInput).extra.errors as { pointer: string }[]).map(({ pointer }) => pointer)
  }
  throw new Error('was not refused')
}

describe('what a change that was done has proposed', () => {
  const apply = (attributes: object, day = 2) =>
    new commands.ApplyProposedValues(ID, { change: 'CHG0000001', attributes: attributes as never }, at(day))

  it('is written with its number, as far as it differs', () => {
    const given = spec.given(registered({ ramGigabytes: 8 }))
    given.when(apply({ ramGigabytes: 8 })).thenNothing()
    given.when(apply({ ramGigabytes: 16 })).thenEvents({
      type: 'CiChanged',
      data: {
        changes: { ramGigabytes: { before: 8, after: 16 } },
        classesVersion: 0,
        change: 'CHG0000001',
        source: undefined,
      },
    })
  })

  it('is not written once the value is no longer the one that was approved to go', () => {
    const proposed = (base?: object) =>
      new commands.ApplyProposedValues(
        ID,
        { change: 'CHG0000001', attributes: { ramGigabytes: 16 }, ...(base && { base: base as never }) },
        at(3),
      )
    const approved = { ramGigabytes: 8 }
    const given = (...after: object[]) => spec.given(registered(approved), ...(after as never[]))
    const changed = (after: number | null) => ({
      type: 'CiChanged',
      data: { changes: { ramGigabytes: { before: 8, after } }, classesVersion: 0 },
      metadata: { occurredAt: day(2) },
    })
    given().when(proposed(approved)).thenTypes('CiChanged')
    // As it was again
    given(changed(12), changed(8)).when(proposed(approved)).thenTypes('CiChanged')
    for (const now of [12, 16, null])
      given(changed(now))
        .when(proposed(approved))
        .thenEvents({
          type: 'ProposedValuesNotApplied',
          data: {
            change: 'CHG0000001',
            attributes: { ramGigabytes: 16 },
            code: 'CI.BASE_VALUES_MOVED',
            detail: 'It was changed after the change was approved: nothing of what was proposed is written.',
            moved: { ramGigabytes: { base: 8, now } },
          },
        } as never)
    given(changed(12)).when(proposed()).thenTypes('CiChanged')
    given(changed(12))
      .when(proposed({ osFamily: null }))
      .thenTypes('CiChanged')
  })

  it('stands in the history where it is not possible', () => {
    const refused = (attributes: object, code: string, more: object) =>
      ({
        type: 'ProposedValuesNotApplied',
        data: { change: 'CHG0000001', attributes, code, ...more },
      }) as never
    const wrong = { ramGigabytes: 'much' }
    spec
      .given(registered())
      .when(apply(wrong))
      .thenEvents(
        refused(wrong, 'CI.ATTRIBUTES_INVALID', {
          detail: 'The attributes do not fit version 0 of class "server": correct those named in "errors".',
          errors: [{ pointer: '/attributes/ramGigabytes', message: 'must be number' }],
        }),
      )
    const retired = { type: 'CiRetired', data: {}, metadata: { occurredAt: day(2) } } as const
    const right = { ramGigabytes: 16 }
    spec
      .given(registered(), retired)
      .when(apply(right, 3))
      .thenEvents(
        refused(right, 'CI.RETIRED', {
          detail:
            'It is retired: register a new one under its name, or correct the retirement if it was a mistake.',
        }),
      )
  })
})

describe('registering', () => {
  const wish = { class: 'server', name: 'db-01', attributes: { ramGigabytes: 8 } }

  it('takes a number first', () => {
    spec
      .given()
      .when(new commands.RegisterCi(undefined, wish, at(1)))
      .thenEvents({ type: 'CiProposed', data: { class: 'server', name: 'db-01' } })
  })

  it('needs the name to be reserved by the very same operation', () => {
    const register = new commands.RegisterCi(ID, wish, at(1))
    spec.given().when(register).thenRefused('CI.NAME_TAKEN')
    spec
      .given()
      .and(...reserved('db-01', 'server', 'CI0000002'))
      .when(register)
      .thenRefused('CI.NAME_TAKEN')
    spec
      .given()
      .and(...reserved('db-01', 'server', ID, 'another'))
      .when(register)
      .thenRefused('CI.NAME_TAKEN')
    spec
      .given()
      .and(...reserved('db-01'))
      .when(register)
      .thenEvents({ type: 'CiRegistered', data: { ...wish, classesVersion: 0 } })
  })

  it('is over for an operation that others gave up waiting for', () => {
    const { commandId: operation } = commandMetadata()
    spec
      .given({ type: 'CiNamingAbandoned', data: { operation } })
      .and(...reserved('db-01'))
      .when(new commands.RegisterCi(ID, wish, at(1)))
      .thenRefused('CI.NAME_TAKEN')
  })

  it('names every attribute that does not fit the class', () => {
    const attributes = { ramGigabytes: -1, colour: 'red', osFamily: 3 }
    const { events } = {
      events: () =>
        spec.given().when(new commands.RegisterCi(undefined, { ...wish, attributes }, at(1))).events,
    }
    expect(pointers(events)).toEqual([
      '/attributes/ramGigabytes',
      '/attributes/colour',
      '/attributes/osFamily',
    ])
  })

  it('is refused of classes that are not there, or abstract', () => {
    const of = (ofClass: string) =>
      spec.given().when(new commands.RegisterCi(undefined, { class: ofClass, name: 'x' }, at(1)))
    of('spaceship').thenRefused('CI.CLASS_UNKNOWN')
    of('physical-device').thenRefused('CI.CLASS_ABSTRACT')
  })

  it('asks for what the class in force requires', () => {
    const attribute = { schema: { type: 'string' }, presence: 'required', changeControlled: false }
    const classes = [
      { name: 'thing', label: 'Thing', parent: null, abstract: true, attributes: { owner: attribute } },
      { name: 'book', label: 'Book', parent: 'thing', abstract: false, attributes: {} },
    ]
    const published = { type: 'CiClassesPublished', data: { version: 3, classes, warnings: [] } }
    const story = spec.given().and('settings-ci-classes', published)
    const book = { class: 'book', name: 'A' }
    story.when(new commands.RegisterCi(undefined, book, at(1))).thenRefused('CI.ATTRIBUTES_INVALID')
    story
      .when(new commands.RegisterCi(undefined, { ...book, attributes: { owner: 'Ann' } }, at(1)))
      .thenTypes('CiProposed')
  })
})

describe('changing', () => {
  const story = spec.given(registered({ ramGigabytes: 8, osFamily: 'Linux' }))

  it('records only what differs, with before and after and the change that allowed it', () => {
    const attributes = { ramGigabytes: 16, osFamily: 'Linux', assetNumber: 'A1', cpu: null }
    story.when(new commands.ChangeCi(ID, { attributes, change: 'CHG0000001' }, at(2))).thenEvents({
      type: 'CiChanged',
      data: {
        changes: {
          ramGigabytes: { before: 8, after: 16 },
          assetNumber: { before: null, after: 'A1' },
        },
        classesVersion: 0,
        change: 'CHG0000001',
      },
    })
  })

  it('twice the same is nothing', () => {
    story.when(new commands.ChangeCi(ID, { attributes: { ramGigabytes: 8 } }, at(2))).thenNothing()
    spec
      .given(registered(), { type: 'CiRetired', data: {} })
      .when(new commands.RetireCi(ID, {}, at(3)))
      .thenNothing()
    story.when(new commands.RenameCi(ID, { name: 'db-01' }, at(2))).thenNothing()
  })

  it('is refused of a CI that is not there, or retired', () => {
    const change = new commands.ChangeCi(ID, { attributes: {} }, at(3))
    spec.given().when(change).thenRefused('CI.UNKNOWN')
    spec.given(registered(), { type: 'CiRetired', data: {} }).when(change).thenRefused('CI.RETIRED')
  })

  it('of the class takes away, in the same append, what the new one does not have', () => {
    const given = spec.given(registered({ serialNumber: 'S', ramGigabytes: 8 }))
    const to = (attributes?: commands.WishedAttributes) =>
      new commands.ReclassifyCi(ID, { class: 'virtual-machine', attributes }, at(2))
    given.when(to()).thenRefused('CI.ATTRIBUTES_INVALID')
    given
      .and(...reserved('db-01', 'virtual-machine'))
      .when(to({ serialNumber: null }))
      .thenTypes('CiReclassified', 'CiChanged')
  })

  it('of the name needs a reservation', () => {
    const rename = new commands.RenameCi(ID, { name: 'db-02' }, at(2))
    story.when(rename).thenRefused('CI.NAME_TAKEN')
    story
      .and(...reserved('db-02'))
      .when(rename)
      .thenEvents({ type: 'CiRenamed', data: { before: 'db-01', after: 'db-02' } })
  })

  it('says each time that it was seen', () => {
    story.when(new commands.ObserveCi(ID, { source: 'nmap' }, at(2))).thenTypes('CiObserved')
  })
})

describe('correcting', () => {
  const changed = (after: number, on: number): CiEvent & { metadata: object } => ({
    type: 'CiChanged',
    data: { changes: { ramGigabytes: { before: null, after } } },
    metadata: { occurredAt: day(on) },
  })
  const correct = (
    data: Partial<commands.CorrectCi['data']>,
    from: number,
    reason: string | undefined = 'Counted',
  ) => new commands.CorrectCi(ID, { enteredAt: day(9), ...data }, at(from, reason))
  const ram = (value: number) => ({ attributes: { ramGigabytes: value } })
  /** 8 from the 1st, 16 from the 3rd. */
  const story = spec.given(registered({ ramGigabytes: 8 }), changed(16, 3))

  it('of the past leaves what was recorded of later', () => {
    const outcome = story.when(correct(ram(12), 2))
    outcome.thenEvents({ type: 'CiCorrected', data: ram(12) })
    expect((outcome.state as Ci).attributes).toEqual({ ramGigabytes: 16 })
  })

  it('of what nothing later is known holds now, as what is recorded at the same time and later in the log', () => {
    expect((story.when(correct(ram(12), 5)).state as Ci).attributes).toEqual({ ramGigabytes: 12 })
    expect((story.when(correct(ram(12), 3)).state as Ci).attributes).toEqual({ ramGigabytes: 12 })
  })

  it('with an end says nothing of now', () => {
    const outcome = story.when(correct({ ...ram(12), until: day(8) }, 5))
    expect((outcome.state as Ci).attributes).toEqual({ ramGigabytes: 16 })
  })

  it('needs a reason, and times that have come', () => {
    story.when(correct(ram(12), 2, ' ')).thenRefused('CI.REASON_REQUIRED')
    expect(pointers(() => story.when(correct(ram(12), 10)).events)).toEqual(['/validFrom'])
    expect(pointers(() => story.when(correct({ ...ram(1), until: day(10) }, 2)).events)).toEqual(['/until'])
    expect(pointers(() => story.when(correct({ ...ram(1), until: day(2) }, 2)).events)).toEqual(['/until'])
    story.when(correct({}, 2)).thenRefused('CI.CORRECTION_EMPTY')
    spec
      .given({ ...registered(), metadata: { occurredAt: day(4) } })
      .when(correct(ram(12), 2))
      .thenRefused('CI.NOT_THERE_YET')
  })

  it('twice the same is nothing', () => {
    const before = { type: 'CiCorrected', data: ram(12), metadata: { occurredAt: day(2) } } as const
    spec
      .given(registered(), before)
      .when(correct(ram(12), 2))
      .thenNothing()
  })

  it('needs the name that the CI would bear now, and no name of the past', () => {
    const renamed = {
      type: 'CiRenamed',
      data: { before: 'db-01', after: 'db-02' },
      metadata: { occurredAt: day(3) },
    } as const
    const given = spec.given(registered(), renamed)
    given.when(correct({ name: 'old' }, 2)).thenTypes('CiCorrected')
    given.when(correct({ name: 'new' }, 4)).thenRefused('CI.NAME_TAKEN')
    given
      .and(...reserved('new'))
      .when(correct({ name: 'new' }, 4))
      .thenTypes('CiCorrected')
  })

  it('of a retirement needs the name again', () => {
    const retired = { type: 'CiRetired', data: {}, metadata: { occurredAt: day(3) } } as const
    const given = spec.given(registered(), retired)
    given.when(correct({ status: 'live' }, 3)).thenRefused('CI.NAME_TAKEN')
    const outcome = given.and(...reserved('db-01')).when(correct({ status: 'live' }, 3))
    expect((outcome.state as Ci).status).toBe('live')
    given.when(correct({ status: 'live' }, 2)).thenTypes('CiCorrected')
  })
})

describe('what a CI is now', () => {
  type Told = { day: number; value: number; correction: boolean; until: boolean }
  const told: fc.Arbitrary<Told[]> = fc.array(
    fc.record({
      day: fc.integer({ min: 1, max: 5 }),
      value: fc.integer({ min: 1, max: 9 }),
      correction: fc.boolean(),
      until: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  const eventOf = ({ day: on, value, correction, until }: Told): CiEvent & { metadata: object } => ({
    ...(correction
      ? { type: 'CiCorrected', data: { attributes: { ram: value }, ...(until && { until: day(6) }) } }
      : { type: 'CiChanged', data: { changes: { ram: { before: null, after: value } } } }),
    metadata: { occurredAt: day(on) },
  })

  it('is what the last event in the order of effective time and log says', () => {
    fc.assert(
      fc.property(told, (all) => {
        let latest = day(1)
        const effective = all.flatMap((one, position) => {
          const own = day(one.day)
          const from = one.correction || own > latest ? own : latest
          if (from > latest) latest = from
          return one.correction && one.until ? [] : [{ from, position, value: one.value }]
        })
        effective.sort((a, b) => a.from.localeCompare(b.from) || a.position - b.position)
        const events = recorded(`ci-${ID}`, [registered({ ram: 0 }), ...all.map(eventOf)])
        const ci = events.reduce(ciDecider.evolve, ciDecider.initial) as Ci
        expect(ci.attributes.ram).toBe(effective.at(-1)?.value ?? 0)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('what sources say', () => {
  const order = (sources: string[], silentAfterDays: number | null = null) =>
    [
      'settings-ci-reconciliation',
      {
        type: 'CiReconciliationPublished',
        data: {
          version: 1,
          reconciliation: {
            matchRules: [],
            precedence: [{ sources: ['nobody'] }, { class: 'server', attribute: 'ramGigabytes', sources }],
            silentAfterDays,
          },
        },
      },
    ] as const
  const said = (source: string, value: number, on: number) =>
    ({
      type: 'CiSourceValuesRecorded',
      data: { source, values: { ramGigabytes: value } },
      metadata: { occurredAt: day(on) },
    }) as const
  const says = (source: string, value: number, on: number, routine = false) =>
    new commands.ReconcileCi(ID, { source, run: 'r', attributes: { ramGigabytes: value }, routine }, at(on))

  it('is kept, and becomes the CI’s when nobody before it has said anything', () => {
    spec
      .given(registered())
      .and(...order(['vcenter', 'nmap']))
      .when(says('nmap', 8, 2))
      .thenTypes('CiSourceValuesRecorded', 'CiChanged')
    spec
      .given(registered(), said('vcenter', 16, 2))
      .and(...order(['vcenter', 'nmap']))
      .when(says('nmap', 8, 3))
      .thenTypes('CiSourceValuesRecorded')
    spec
      .given(registered(), said('nmap', 8, 2))
      .and(...order(['vcenter', 'nmap']))
      .when(says('vcenter', 16, 3))
      .thenTypes('CiSourceValuesRecorded', 'CiChanged')
  })

  it('is kept from the registration on, and where a source is named with a change', () => {
    const byHand = registered({ ramGigabytes: 16 })
    const first = { ...byHand, data: { ...byHand.data, source: 'vcenter' } }
    const changes = { ramGigabytes: { before: null, after: 16 } }
    const changed = {
      type: 'CiChanged',
      data: { changes, classesVersion: 0, source: 'vcenter' },
      metadata: { occurredAt: day(2) },
    } as const
    for (const events of [[first], [registered(), changed]]) {
      const given = spec.given(...events).and(...order(['vcenter', 'nmap']))
      given.when(says('nmap', 8, 3)).thenTypes('CiSourceValuesRecorded')
      given.when(says('vcenter', 16, 3)).thenTypes('CiObserved')
    }
  })

  it('of one that is silent for too long is believed no more', () => {
    const given = spec.given(registered(), said('vcenter', 16, 2)).and(...order(['vcenter', 'nmap'], 5))
    given.when(says('nmap', 8, 7)).thenTypes('CiSourceValuesRecorded')
    given.when(says('nmap', 8, 8)).thenTypes('CiSourceValuesRecorded', 'CiChanged')
  })

  it('may come after what people entered, which is never silent', () => {
    spec
      .given(registered({ ramGigabytes: 4 }))
      .and(...order(['people'], 1))
      .when(says('nmap', 8, 28))
      .thenTypes('CiSourceValuesRecorded')
  })

  describe('by a change of the CI itself', () => {
    const wants = (value: number, source?: string) =>
      new commands.ChangeCi(ID, { attributes: { ramGigabytes: value }, source }, at(4))
    const asVcenterSays = spec.given(registered({ ramGigabytes: 16 }), said('vcenter', 16, 2))

    it('does not overwrite what one before it says, and is told so', () => {
      const story = asVcenterSays.and(...order(['vcenter', 'people', 'nmap']))
      for (const source of ['nmap', 'unheard-of', undefined])
        story.when(wants(8, source)).thenRefused('CI.SOURCE_PRECEDES')
      story.when(wants(8, 'vcenter')).thenTypes('CiChanged')
    })

    it('does so once that has been silent for too long, or comes after it', () => {
      asVcenterSays
        .and(...order(['vcenter', 'people'], 1))
        .when(wants(8))
        .thenTypes('CiChanged')
      asVcenterSays
        .and(...order(['people', 'vcenter']))
        .when(wants(8))
        .thenTypes('CiChanged')
    })

    it('by hand is bound by the order only where that names people', () => {
      asVcenterSays
        .and(...order(['vcenter', 'nmap']))
        .when(wants(8))
        .thenTypes('CiChanged')
    })

    it('is not got round by giving it another class, though what the new one does not have may go', () => {
      const story = asVcenterSays.and(...order(['vcenter', 'people']))
      const reclassify = (value: number | null, ofClass: string) =>
        new commands.ReclassifyCi(ID, { class: ofClass, attributes: { ramGigabytes: value } }, at(4))
      story.when(reclassify(8, 'server')).thenRefused('CI.SOURCE_PRECEDES')
      story.when(reclassify(null, 'server')).thenTypes('CiChanged')
    })

    it('is written where an approved change proposed it', () => {
      const proposed = { change: 'CHG0000001', attributes: { ramGigabytes: 8 } }
      asVcenterSays
        .and(...order(['vcenter', 'people']))
        .when(new commands.ApplyProposedValues(ID, proposed, at(4)))
        .thenTypes('CiChanged')
    })

    it('without a difference is on record: that a source says so, too, and each time that it says it again', () => {
      asVcenterSays.when(wants(16, 'nmap')).thenEvents({
        type: 'CiSourceValuesRecorded',
        data: { source: 'nmap', values: { ramGigabytes: 16 } },
      })
      const again = new commands.ChangeCi(
        ID,
        { attributes: { ramGigabytes: 16 }, source: 'vcenter', change: 'CHG0000001' },
        at(4),
      )
      asVcenterSays.when(again).thenEvents({
        type: 'CiObserved',
        data: { source: 'vcenter', change: 'CHG0000001' },
      })
      asVcenterSays.when(wants(16)).thenNothing()
    })
  })

  it('anew is that it was seen: each time, or once a day when a run says it', () => {
    const given = spec.given(registered({ ramGigabytes: 8 }), said('nmap', 8, 2))
    given.when(says('nmap', 8, 2)).thenTypes('CiObserved')
    given.when(says('nmap', 8, 2, true)).thenNothing()
    given.when(says('nmap', 8, 3, true)).thenTypes('CiObserved')
  })

  it('is refused where it does not fit the class', () => {
    spec
      .given(registered())
      .when(says('nmap', -1, 2))
      .thenRefused('CI.ATTRIBUTES_INVALID')
  })
})
