import { Desk } from '../e2e/desk.js'
import { run } from './program.js'

describe('promtool check metrics', () => {
  let metrics: string
  beforeAll(async () => {
    const desk = await Desk.open()
    const number = await desk.opened()
    await desk.done('ann', number, 'start')
    await desk.withToken().get('/incidents', {}, { offContract: true })
    metrics = await (await fetch(`${desk.server.url}/metrics`)).text()
    await desk.close()
  })

  const check = (text: string) => run('promtool', ['check', 'metrics'], { input: text })

  it('finds nothing in the metrics of a server that has done something', async () => {
    expect(metrics).toMatch(/ledgerdesk_/)
    expect(await check(metrics)).toEqual({ code: 0, output: '' })
  })

  it('would find a counter that is not named as one', async () => {
    const { code, output } = await check(`${metrics}\n# TYPE opened counter\nopened 1\n`)
    expect(code).not.toBe(0)
    expect(output).toMatch(/opened/)
  })
})
