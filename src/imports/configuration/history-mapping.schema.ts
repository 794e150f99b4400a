const name = { type: 'string', minLength: 1 } as const

/** An object with these parts and no others. */
function parts(properties: Record<string, object>, required: readonly string[] = Object.keys(properties)) {
  return { type: 'object', required, additionalProperties: false, properties } as const
}

function words(values: object) {
  return parts({
    column: name,
    values: { type: 'object', minProperties: 1, additionalProperties: values },
  })
}

const end = parts({ name, class: { anyOf: [name, words(name)] } })

/** JSON Schema (draft 2020-12) of a mapping file for a configuration's history; {@link HistoryMapping} says what each part means. */
export const HISTORY_MAPPING_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...parts(
    {
      source: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 60 },
      recordType: { const: 'configuration' },
      people: { type: 'string', default: '' },
      number: parts({
        prefix: { type: 'string', pattern: '^[A-Z][A-Za-z0-9-]{0,29}$' },
        digits: { type: 'integer', minimum: 1, maximum: 12 },
      }),
      commits: parts(
        {
          file: name,
          key: name,
          externalId: name,
          occurredAt: name,
          attributedTo: name,
          title: name,
          references: name,
        },
        ['file', 'key', 'externalId', 'occurredAt', 'attributedTo', 'title'],
      ),
      order: name,
      commit: name,
      items: {
        type: 'array',
        minItems: 1,
        items: parts(
          {
            file: name,
            operation: words({ enum: ['register', 'change', 'observe', 'rename', 'retire'] }),
            class: words(name),
            name,
            previousName: name,
            attributes: name,
          },
          ['file', 'operation', 'class', 'name'],
        ),
      },
      relations: {
        type: 'array',
        default: [],
        items: parts({
          file: name,
          operation: words({ enum: ['relate', 'unrelate'] }),
          type: name,
          source: end,
          target: end,
        }),
      },
      references: {
        type: 'array',
        default: [],
        items: parts({ ofClass: name, attribute: name, type: name, class: name }),
      },
      classes: {
        type: 'array',
        default: [],
        items: parts(
          {
            name,
            label: name,
            parent: { type: ['string', 'null'] },
            abstract: { type: 'boolean', default: false },
            attributes: {
              type: 'object',
              additionalProperties: parts(
                {
                  schema: { type: 'object' },
                  presence: { enum: ['required', 'recommended', 'optional'], default: 'optional' },
                  changeControlled: { type: 'boolean', default: false },
                },
                ['schema'],
              ),
            },
          },
          ['name', 'label', 'parent', 'attributes'],
        ),
      },
    },
    ['source', 'recordType', 'number', 'commits', 'order', 'commit', 'items'],
  ),
} as const
