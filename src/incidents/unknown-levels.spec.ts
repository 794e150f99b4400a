import { FactSource } from '#libs/command-handling'
import { InMemoryEventStore } from '#libs/testing'
import { ChangeDetailsDto, OpenIncidentDto, PrioritizeDto } from './dto/incident-commands.dto.js'
import { unknownLevels } from './unknown-levels.js'

const errors = unknownLevels(new FactSource(new InMemoryEventStore(), ['settings-']))
const pointers = async (dto: object, body: unknown) => (await errors(dto, body)).map(({ pointer }) => pointer)

it.each([OpenIncidentDto, PrioritizeDto])(
  'names levels that the matrix in force does not have (%p)',
  async (dto) => {
    expect(await pointers(dto, { impact: 9, urgency: 'high' })).toEqual(['/impact'])
    expect(await pointers(dto, { impact: 9, urgency: 0 })).toEqual(['/impact', '/urgency'])
    expect(await errors(dto, { urgency: 4 })).toEqual([
      { pointer: '/urgency', message: 'must be a whole number from 1 to 3' },
    ])
  },
)

it('says nothing of what is fine, of no body, and of bodies without levels', async () => {
  expect(await pointers(OpenIncidentDto, { impact: 1, urgency: 3 })).toEqual([])
  for (const body of [undefined, null, 'x', [9]]) expect(await pointers(OpenIncidentDto, body)).toEqual([])
  expect(await pointers(ChangeDetailsDto, { impact: 9 })).toEqual([])
})
