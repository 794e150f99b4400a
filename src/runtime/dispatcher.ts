import type { CommandBus } from '@nestjs/cqrs'
import { type Command, LedgerdeskError, LogMoved, Unavailable } from '#libs/event-sourcing'
import type { Metrics } from '#libs/platform'
import { revive } from '../commands.js'
import { toMessage } from './remote.js'
import type { DispatchAnswer } from './threads.js'

/** Carries out policies' commands once the application is there. */
export class Dispatcher {
  bus: CommandBus | undefined

  constructor(private readonly metrics: Metrics) {}

  async dispatch(command: Command): Promise<DispatchAnswer> {
    const answer = await this.carryOut(command)
    const policy = command.metadata.actor.replace(/^system:/, '')
    this.metrics.policyCommands.inc({ policy, outcome: answer.outcome })
    return answer
  }

  private async carryOut(command: Command): Promise<DispatchAnswer> {
    if (!this.bus) return { outcome: 'retry', reason: 'the server is starting' }
    try {
      await this.bus.execute(revive(command) as never)
      return { outcome: 'done' }
    } catch (error) {
      // No rule refused it: where the log went, the policy goes on with this command
      const undecided = error instanceof Unavailable || error instanceof LogMoved
      if (undecided || !(error instanceof LedgerdeskError)) {
        return { outcome: 'retry', reason: error instanceof Error ? error.message : String(error) }
      }
      return { outcome: 'refused', error: toMessage(error) }
    }
  }
}
