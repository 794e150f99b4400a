import { eventually } from '#libs/testing'
import { Desk, succeeded } from './desk.js'

interface Told {
  name: string
  build: number
  status: string
}

describe('Read models', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const builds = async (): Promise<Told[]> => {
    const { items } = succeeded(await desk.as('adam').get('/projections'))
    return (items as Told[]).filter(({ name }) => name === 'work_queue')
  }

  it('that are built anew are told of beside those that answer, until they take over', async () => {
    await desk.opened()
    const [before] = await builds()
    expect(before).toMatchObject({ status: 'live' })
    // Without a body: Prism lets none by where the contract has none
    const asked = await desk.as('adam').request('POST', '/projections/work_queue/rebuild', undefined, {})
    expect(asked.status).toBe(202)
    const seen = new Set<string>()
    await eventually('the new one answers', async () => {
      const told = await builds()
      for (const { build, status } of told) seen.add(`${build - before!.build} ${status}`)
      return told.length === 1 && told[0]!.build > before!.build
    })
    expect(seen).toEqual(new Set(['0 live', '1 building', '1 live']))
  })
})
