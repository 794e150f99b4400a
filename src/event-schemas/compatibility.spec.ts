import { breakingChanges, type JsonSchema, withoutAnnotations } from './compatibility.js'

const before: JsonSchema = {
  type: 'object',
  description: 'As it was.',
  properties: {
    title: { type: 'string' },
    description: { type: 'string', description: 'A field that is called like a keyword.' },
    state: { type: 'string', enum: ['New', 'Closed'] },
    hold: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
    watchers: { type: 'array', items: { type: 'string' } },
    fields: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
    audience: {
      anyOf: [
        { type: 'object', properties: { kind: { const: 'public' } } },
        { type: 'object', properties: { kind: { const: 'groups' } } },
      ],
    },
  },
  required: ['title', 'state'],
  additionalProperties: false,
}

/** `before` with some properties replaced; undefined: removed. */
function changed(properties: Record<string, JsonSchema | undefined>, more: JsonSchema = {}): JsonSchema {
  const all = Object.entries({ ...(before.properties as object), ...properties })
  return { ...before, properties: Object.fromEntries(all.filter(([, schema]) => schema)), ...more }
}

describe('what only adds', () => {
  it.each([
    ['nothing', before],
    ['an optional property', changed({ vendor: { type: 'string' } })],
    ['another value', changed({ state: { type: 'string', enum: ['New', 'On Hold', 'Closed'] } })],
    ['words about it', changed({}, { description: 'As it is.' })],
    [
      'another order of types',
      changed({ fields: { type: 'object', additionalProperties: { type: ['null', 'string'] } } }),
    ],
  ])('is no break: %s', (_, after) => {
    expect(breakingChanges(before, after)).toEqual([])
  })
})

describe('what old events or old readers can’t take', () => {
  it.each([
    ['a property is gone', changed({ title: undefined }), '/title: is gone'],
    [
      'a new property is required',
      changed({ vendor: { type: 'string' } }, { required: ['title', 'state', 'vendor'] }),
      '/vendor: is new and required',
    ],
    [
      'an optional one is required',
      changed({}, { required: ['title', 'state', 'hold'] }),
      '/hold: has become required',
    ],
    ['a required one is optional', changed({}, { required: ['title'] }), '/state: is no longer required'],
    [
      'another type',
      changed({ title: { type: 'number' } }),
      '/title: the type was ["string"] and is ["number"]',
    ],
    [
      'null too',
      changed({ title: { type: ['string', 'null'] } }),
      '/title: the type was ["string"] and is ["null","string"]',
    ],
    [
      'a value is gone',
      changed({ state: { type: 'string', enum: ['New'] } }),
      '/state: the value "Closed" is gone',
    ],
    ['any value', changed({ state: { type: 'string' } }), '/state: is a list of values in one version only'],
    [
      'only some values',
      changed({ title: { type: 'string', enum: ['a'] } }),
      '/title: is a list of values in one version only',
    ],
    [
      'deeper',
      changed({ hold: { type: 'object', properties: { reason: { type: 'number' } }, required: ['reason'] } }),
      '/hold/reason: the type was ["string"] and is ["number"]',
    ],
    [
      'in a list',
      changed({ watchers: { type: 'array', items: { type: 'number' } } }),
      '/watchers/*: the type was',
    ],
    [
      'in further properties',
      changed({ fields: { type: 'object', additionalProperties: { type: 'string' } } }),
      '/fields/*: the type was',
    ],
    [
      'further properties at all',
      changed({}, { additionalProperties: {} }),
      '/*: further properties are described differently',
    ],
    ['another alternative', changed({ audience: { anyOf: [] } }), '/audience: the alternatives have changed'],
    ['a keyword', changed({ title: { type: 'string', maxLength: 5 } }), '/title: "maxLength" has changed'],
  ])('is found: %s', (_, after, message) => {
    expect(breakingChanges(before, after)).toEqual([expect.stringContaining(message)])
  })
})

it('drops what describes, not what is called like it', () => {
  expect(withoutAnnotations(before)).toEqual({
    ...before,
    description: undefined,
    properties: { ...(before.properties as object), description: { type: 'string' } },
  })
})
