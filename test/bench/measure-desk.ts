import type { Desk, DeskResult } from './desk.js'
import type { Options } from './options.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { deploy } from './shapes.js'

/** A desk at work: agents who look, take, comment, hold and resolve, each with a live queue before her eyes. */
export async function measureDesk(report: Report, options: Options): Promise<void> {
  const { agents, deskCommandsPerSecond: commandsPerSecond, deskSeconds: seconds } = options
  const deployment = await deploy('embedded')
  const server = await deployment.start('all')
  let result: DeskResult
  let processor = { main: 0, all: 0 }
  try {
    await server.idle()
    const desk: Desk = {
      url: server.url,
      administratorToken: deployment.administratorToken,
      agents,
      commandsPerSecond,
      seconds,
      seed: options.seed,
    }
    result = await runProgram<DeskResult>('desk', desk)
    processor = server.processorTime()
  } finally {
    await server.stop()
    await deployment.dispose()
  }
  const tell = (what: string, value: number, unit: string, target?: { atMost: number }) =>
    report.add({ section: 'desk', what: `${agents} agents: ${what}`, value, unit, target })
  tell('commands', result.commands.count / seconds, '/s')
  tell('commands p50', result.commands.p50, 'ms')
  tell('commands p99', result.commands.p99, 'ms', { atMost: 100 })
  tell('looks at a queue p99', result.looks.p99, 'ms')
  tell('refused, because somebody was faster or nothing waits', result.refused, '')
  tell('errors', result.errors, '', { atMost: 0 })
  tell('tickets taken by two', result.takenByTwo, '', { atMost: 0 })
  tell('from an answer to the live queue p50', result.lag.p50, 'ms')
  tell('from an answer to the live queue p99', result.lag.p99, 'ms', { atMost: 1_000 })
  tell('answers that the live queue never showed', result.unseen, '', { atMost: 0 })
  tell('live queues that were cut', result.cut, '', { atMost: 0 })
  // Of the whole run, enrolment included: a machine that is busy with other things tells little else
  const perCommand = (seconds: number) => (1_000 * seconds) / result.commands.count
  tell('processor time a command, thread of HTTP and log', perCommand(processor.main), 'ms')
  tell('processor time a command, all threads', perCommand(processor.all), 'ms')
  tell('memory at the start', result.memory.start, 'MiB')
  tell('memory at the end', result.memory.end, 'MiB')
  for (const failure of result.failures) console.error(`  ${failure}`)
}
