import { Unavailable } from '#libs/event-sourcing'
import { commandMetadata, recorded } from '#libs/testing'
import { type ChangeSurroundings, surrounded } from './change.handlers.js'
import { MovePlannedTimes, SubmitChange } from './domain/change.commands.js'
import { PLAN, WINDOW } from './domain/change.story.fixture.js'

const metadata = commandMetadata({ actor: 'rita' })
const told = { related: [{ ci: 'CI1', relatedCi: 'CI9' }], classes: { CI1: ['server'] }, position: '7' }
const stream = (plan: object = {}) => {
  const data = { ...PLAN, title: 'Release 2', type: 'normal', ...plan }
  return { readStream: async () => recorded('change-CHG1', [{ type: 'ChangeOpened', data }]) as never }
}
const cmdb = (of: ChangeSurroundings['of']) => ({ of })

it('a command learns what stands around the items at its planned times', async () => {
  const of = jest.fn(async () => told)
  const submit = await surrounded(new SubmitChange('CHG1', {}, metadata), stream(), cmdb(of))
  expect(submit).toBeInstanceOf(SubmitChange)
  expect(submit).toMatchObject({ id: 'CHG1', data: { surroundings: told }, metadata })
  expect(of).toHaveBeenCalledWith(['CI1', 'CI2'], WINDOW.start)
  const planned = { start: '2026-03-02T21:00:00.000Z', end: '2026-03-02T22:00:00.000Z' }
  await surrounded(new MovePlannedTimes('CHG1', { planned }, metadata), stream(), cmdb(of))
  expect(of).toHaveBeenLastCalledWith(['CI1', 'CI2'], planned.start)
})

it('and goes on without where there is no view, or it is away, or nothing to ask about', async () => {
  const wanted = new SubmitChange('CHG1', {}, metadata)
  const away = cmdb(async () => {
    throw new Unavailable('PROJECTION.BEHIND', 'It is building.')
  })
  const asked = jest.fn(async () => told)
  expect(await surrounded(wanted, stream(), undefined)).toBe(wanted)
  expect(await surrounded(wanted, stream(), away)).toBe(wanted)
  expect(await surrounded(wanted, stream({ affectedCis: [] }), cmdb(asked))).toBe(wanted)
  expect(await surrounded(wanted, stream({ window: undefined }), cmdb(asked))).toBe(wanted)
  expect(asked).not.toHaveBeenCalled()
  const broken = cmdb(async () => {
    throw new TypeError('a fault of ours')
  })
  await expect(surrounded(wanted, stream(), broken)).rejects.toThrow('a fault of ours')
})
