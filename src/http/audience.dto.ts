import type { Audience } from '#libs/access'
import { Conforms, Field, type JsonSchema } from '#libs/platform'
import { Reasoned } from './reasoned.js'

const onlyKind = (kind: string): JsonSchema => ({
  type: 'object',
  properties: { kind: { const: kind } },
  required: ['kind'],
  additionalProperties: false,
})

/** An audience as requests say it. */
const AUDIENCE_SCHEMA: JsonSchema = {
  oneOf: [
    onlyKind('public'),
    onlyKind('participants'),
    {
      type: 'object',
      properties: {
        kind: { const: 'groups' },
        groups: {
          type: 'array',
          items: { type: 'string', minLength: 1, maxLength: 200 },
          minItems: 1,
          maxItems: 50,
          uniqueItems: true,
        },
      },
      required: ['kind', 'groups'],
      additionalProperties: false,
    },
  ],
}

/** A field of a body that says who may see a record. */
export function IsAudience(example: Audience): PropertyDecorator {
  return (prototype, property) => {
    Field('Who may see it besides those named in it.', example)(prototype, property as never)
    Conforms(() => AUDIENCE_SCHEMA)(prototype, property as never)
  }
}

export class AudienceDto extends Reasoned {
  @IsAudience({ kind: 'groups', groups: ['Group 70'] }) audience!: Audience
}
