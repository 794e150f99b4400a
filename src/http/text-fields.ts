import { IsString, Length } from 'class-validator'
import { Field } from '#libs/platform'

/** Characters that a text of a record may have, unless its field says otherwise. */
const TEXT_LENGTH = 200_000
/** Characters of the id of a person or group. */
const ID_LENGTH = 200

/** A field of a body that has something to say: not empty, and no longer than so many characters. */
export function IsText(description: string, example: string, most = TEXT_LENGTH): PropertyDecorator {
  return (prototype, property) => {
    Field(description, example)(prototype, property as never)
    Length(1, most)(prototype, property as string)
    IsString()(prototype, property as string)
  }
}

/** Id of a person or group. */
export const IsId = (description: string, example: string) => IsText(description, example, ID_LENGTH)
