import { toProblem } from '#libs/platform'
import { servedElsewhere } from './serve.js'

it.each(['projector', 'publisher'] as const)('the role %s says that the API is served elsewhere', (role) => {
  const { body } = toProblem(servedElsewhere('/incidents', { role }))
  expect(body).toMatchObject({ status: 404, code: 'ROLE.SERVES_NO_API', role })
  expect(body.detail).toContain(`has the role ${role}`)
  expect(body.detail).toContain('a process of the role api')
})
