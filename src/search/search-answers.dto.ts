import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { closed, listOf, text } from '../http/record-view.js'

const excerpt = () =>
  closed({
    field: {
      type: 'string',
      enum: [
        'title',
        'description',
        'comments',
        'commentWords',
        'workNotes',
        'workNoteWords',
        'workaround',
        'rootCause',
        'symptom',
        'category',
        'subcategory',
        'service',
        'implementation',
        'backout',
        'test',
      ],
    },
    parts: listOf(closed({ text, hit: { type: 'boolean' } })),
  })

/** A record that was found. Absent: not set. */
export class SearchHit {
  @IsIn(['incident', 'problem', 'change']) type!: 'incident' | 'problem' | 'change'
  @Field('Number.', 'INC0000001') @IsString() number!: string
  @IsString() title!: string
  @Field('State, as its process names it.', 'In Progress') @IsString() state!: string
  @IsOptional() @Field('1 is the highest.', 3) @IsInt() priority?: number
  @IsOptional() @IsString() assignmentGroup?: string
  @IsOptional() @IsString() assignee?: string
  @IsInstant() openedAt!: string
  @IsOptional() @Field('Of a problem: its cause or what helps is known.') @IsBoolean() knownError?: boolean
  @IsOptional()
  @Field(
    'Where it was found: plain text in parts, one behind the other. Absent when only the number matches. ' +
      '`commentWords`, `workNoteWords`: a single word of a text that is too long, or too long ago, to be kept whole.',
  )
  @Conforms(excerpt)
  excerpt?: object
  @IsOptional() @Field('True while an event of this record could not be folded.') @IsBoolean() stale?: boolean
}

export class SearchPage {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/SearchHit' }),
    () => [SearchHit],
  )
  items!: SearchHit[]
  @Field('False: more match than were ranked, mostly the newest; say more, or filter.')
  @IsBoolean()
  complete!: boolean
  @IsOptional() @Field('Absent on the last page.') @IsString() nextPageToken?: string
  @Field('The answer holds everything up to here.') @Matches(/^\d{20}$/) position!: string
  @Field('Seconds behind the log.') @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}
