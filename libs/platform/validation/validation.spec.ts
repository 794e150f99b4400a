import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator'
import { InvalidInput } from '#libs/event-sourcing'
import { expectSameVerdict } from '../testing/same-verdict.js'
import {
  AnyOf,
  Conforms,
  compile,
  dtoSchema,
  Field,
  IsInstant,
  MapOf,
  Nullable,
  validateBody,
  validateParameters,
} from './index.js'

enum Contact {
  Phone = 'phone',
  Mail = 'mail',
}

class Watcher {
  @IsString() @MinLength(1) person!: string
  @IsOptional() @IsBoolean() silent?: boolean
}

class OpenIncidentDto {
  @Field('One line that says what is wrong.', 'Printer on fire')
  @IsString()
  @Length(1, 160)
  title!: string
  @IsOptional() @IsString() @MaxLength(4000) description?: string
  @IsInt() @Min(1) @Max(3) impact!: number
  @IsNumber() effort!: number
  @IsEmail() replyTo!: string
  @IsOptional() @IsUrl() link?: string
  @IsOptional() @IsUUID() asset?: string
  @IsIn(['a', 'b']) kind!: string
  @IsEnum(Contact) contact!: Contact
  @Matches(/^INC\d{7}$/) number!: string
  @Nullable() @IsString() service!: string | null
  @IsInstant() detectedAt!: string
  @IsArray() @ArrayMaxSize(3) @ArrayUnique() @IsString({ each: true }) tags!: string[]
  @ValidateNested() @Type(() => Watcher) first!: Watcher
  @IsArray() @ValidateNested({ each: true }) @Type(() => Watcher) watchers!: Watcher[]
  @IsOptional() @MapOf(() => Watcher) byRole?: Record<string, Watcher>
  @IsOptional() @AnyOf(() => [Watcher, Attachment]) extra?: Watcher | Attachment
  @IsOptional() @Conforms(() => ({ type: ['string', 'integer'] })) reference?: string | number
}

class Attachment {
  @IsNotEmpty() @IsString() hash!: string
}

const valid = {
  title: 'Printer on fire',
  impact: 1,
  effort: 1.5,
  replyTo: 'ada@example.org',
  kind: 'a',
  contact: 'phone',
  number: 'INC0000001',
  service: null,
  detectedAt: '2016-05-10T09:00:00Z',
  tags: ['x', 'y'],
  first: { person: 'ada' },
  watchers: [{ person: 'ada', silent: true }],
}
const full = {
  ...valid,
  description: 'Smoke',
  link: 'https://example.org/x',
  asset: 'ce0d8b9e-7b1c-4f8e-8d3a-0a5f3c7d9e1b',
  service: 'mail',
  byRole: { owner: { person: 'b' } },
  extra: { hash: 'h' },
  reference: 7,
}

function errorsOf(act: () => unknown): { code: string; errors: { pointer: string; message: string }[] } {
  try {
    act()
  } catch (error) {
    if (error instanceof InvalidInput)
      return { code: error.code, errors: (error.extra.errors ?? []) as never }
    throw error
  }
  throw new Error('was accepted')
}

describe('a decorated class as a schema', () => {
  it('is closed and lists what is required', () => {
    const { published } = dtoSchema(OpenIncidentDto)
    expect(published.additionalProperties).toBe(false)
    expect(published.required).toContain('title')
    expect(published.required).not.toContain('description')
    expect(JSON.stringify(published)).not.toContain('constraints')
    expect(published.properties).toMatchObject({
      title: { type: 'string', minLength: 1, maxLength: 160, examples: ['Printer on fire'] },
      service: { type: ['string', 'null'] },
      detectedAt: { format: 'date-time' },
      watchers: { type: 'array', items: { $ref: '#/components/schemas/Watcher' } },
      byRole: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Watcher' } },
    })
  })

  it('refuses two classes of one name, which would share one schema', () => {
    const twin = {
      Watcher: class Watcher {
        name2!: string
      },
    }
    IsString()(twin.Watcher.prototype, 'name2')
    dtoSchema(Watcher)
    expect(() => dtoSchema(twin.Watcher)).toThrow('Two classes are called Watcher')
  })
})

describe('the compiled check', () => {
  it('says what class-validator says', () => expectSameVerdict(OpenIncidentDto, [valid, full], 3000))

  it('is compared by a test that notices a difference', () => {
    class Lax {
      @IsEmail() mail!: string
    }
    const original = dtoSchema(Lax).executable.properties as { mail: Record<string, unknown> }
    delete original.mail.constraints
    expect(() => expectSameVerdict(Lax, [{ mail: 'a@example.org' }])).toThrow('Counterexample: [{"mail"')
  })

  it('refuses the addresses that IsEmail refuses', () => {
    class Mail {
      @IsEmail() mail!: string
    }
    const refused = ['a@b', 'a..b@example.org', 'ada@[127.0.0.1]', 'ada@example', 'ada@-example.org']
    expect(refused.filter((mail) => compile(Mail).accepts({ mail }))).toEqual([])
  })

  it('leaves conditions and validators of the application to class-validator', () => {
    class Leave {
      @IsIn(['sick', 'other']) kind!: string
      @ValidateIf((leave: Leave) => leave.kind === 'other') @IsString() why?: string
      @IsInt() from!: number
      @ValidateBy({
        name: 'afterFrom',
        validator: {
          validate: (value, args) => value > (args!.object as Leave).from,
          defaultMessage: () => 'until is too early',
        },
      })
      until!: number
    }
    expectSameVerdict(Leave, [
      { kind: 'sick', from: 1, until: 2 },
      { kind: 'other', why: 'x', from: 1, until: 2 },
    ])
    expect(compile(Leave).accepts({ kind: 'other', from: 1, until: 2 })).toBe(false)
    expect(errorsOf(() => validateBody(Leave, { kind: 'sick', from: 3, until: 2 })).errors).toEqual([
      { pointer: '/until', message: 'until is too early' },
    ])
  })

  it('does not run class-validator, which costs a hundred times as much, where a schema says all', () => {
    const instance = jest.spyOn(compile(Watcher), 'instance')
    expect(compile(Watcher).accepts({ person: 'ada', silent: true })).toBe(true)
    expect(compile(Watcher).accepts({ person: '' })).toBe(false)
    expect(instance).not.toHaveBeenCalled()
  })
})

describe('a refused body', () => {
  it('names every offending field at once', () => {
    const { watchers, ...rest } = valid
    const body = {
      ...rest,
      title: 7,
      impact: 9,
      colour: 'red',
      first: { person: '', x: 1 },
      description: null,
    }
    const { code, errors } = errorsOf(() => validateBody(OpenIncidentDto, body))
    expect(code).toBe('REQUEST.INVALID')
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/colour',
      '/description',
      '/first/person',
      '/first/x',
      '/impact',
      '/title',
      '/watchers',
    ])
    expect(errors.find(({ pointer }) => pointer === '/colour')?.message).toContain(
      'the fields are title, description',
    )
    expect(errors.find(({ pointer }) => pointer === '/impact')?.message).toBe(
      'impact must not be greater than 3',
    )
  })

  it('says of a field that is not there that it is missing, and no more', () => {
    class Numbered {
      @Field('Number.', 'INC0000001') @Matches(/^INC\d{7}$/) number!: string
    }
    class Merger {
      @IsString() @Length(1, 9) reason!: string
      @ValidateNested() @Type(() => Numbered) survivor!: Numbered
      @IsIn(['same', 'similar']) kind!: string
    }
    expect(errorsOf(() => validateBody(Merger, { survivor: {} })).errors).toEqual([
      { pointer: '/reason', message: 'reason is missing' },
      { pointer: '/kind', message: 'kind is missing: it is one of same, similar' },
      { pointer: '/survivor/number', message: 'number is missing' },
    ])
    const malformed = { reason: 7, survivor: { number: 'x' }, kind: 'same' }
    expect(errorsOf(() => validateBody(Merger, malformed)).errors).toEqual([
      { pointer: '/reason', message: 'reason must be a string' },
      {
        pointer: '/survivor/number',
        message: 'number must have the form described for it, such as INC0000001',
      },
    ])
  })

  it('tells what an object may be where it is of another shape, or what within it is wrong', () => {
    class Window {
      @IsInt() start!: number
      @IsInt() end!: number
    }
    class Relation {
      @IsIn(['runs-on', 'contains']) type!: string
      @Field('A CI.', { ci: 'CI0000001' })
      @Conforms(() => ({ type: 'object', properties: { ci: { type: 'string' } }, required: ['ci'] }))
      source!: object
      @IsOptional() @Nullable() @ValidateNested() @Type(() => Window) window?: Window | null
    }
    const told = (body: object) => errorsOf(() => validateBody(Relation, body)).errors
    expect(told({ source: 'CI0000001', window: 'tonight' })).toEqual([
      { pointer: '/type', message: 'type is missing: it is one of runs-on, contains' },
      {
        pointer: '/source',
        message: 'source does not have the shape described for it, such as {"ci":"CI0000001"}',
      },
      { pointer: '/window', message: 'window must be an object' },
    ])
    expect(told({ type: 'contains', source: { ci: 'x' }, window: { start: 1, till: 2 } })).toEqual([
      { pointer: '/window/end', message: 'end is missing' },
      { pointer: '/window/till', message: 'till is not a field of this object; the fields are start, end' },
    ])
  })

  it('may be anything at all', () => {
    for (const body of [undefined, null, 7, 'x', [], [valid]]) {
      expect(errorsOf(() => validateBody(OpenIncidentDto, body)).errors).toHaveLength(1)
    }
  })
})

describe('parameters', () => {
  class ListQuery {
    @IsOptional() @IsInt() @Min(1) @Max(200) pageSize?: number
    @IsOptional() @IsBoolean() open?: boolean
    @IsOptional() @IsString({ each: true }) types?: string[]
    @IsOptional() @IsString() filter?: string
  }

  it('become what the class declares', () => {
    expect(validateParameters(ListQuery, { pageSize: '50', open: 'true', types: 'a', filter: '7' })).toEqual({
      pageSize: 50,
      open: true,
      types: ['a'],
      filter: '7',
    })
    expect(validateParameters(ListQuery, { types: ['a', 'b'] })).toEqual({ types: ['a', 'b'] })
  })

  it.each(['', 'x', '0x10', '1e2', ' 5', '5.5', '0', '201'])('refuse pageSize=%j', (pageSize) => {
    expect(errorsOf(() => validateParameters(ListQuery, { pageSize })).errors[0]?.pointer).toBe('pageSize')
  })

  it('refuse what is given twice, and what is unknown, by name', () => {
    expect(errorsOf(() => validateParameters(ListQuery, { filter: ['a', 'b'] })).code).toBe('REQUEST.INVALID')
    const { code, errors } = errorsOf(() => validateParameters(ListQuery, { fitler: 'x', pagesize: '1' }))
    expect(code).toBe('REQUEST.UNKNOWN_PARAMETER')
    expect(errors.map(({ pointer }) => pointer)).toEqual(['fitler', 'pagesize'])
  })
})
