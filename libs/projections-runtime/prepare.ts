import { type Clock, pause, systemClock } from './clock.js'
import { ProjectionRunner, type ProjectionRunnerOptions, type ProjectionStatus } from './projection-runner.js'

/**
 * Builds new versions beside a running older release, up to the end of the log, without letting them answer: the new
 * release does that when it starts, and then has little left to read.
 * @param progress called a few times a second
 */
export async function prepareProjections(
  options: Omit<ProjectionRunnerOptions, 'takeOver'>,
  progress?: (status: ProjectionStatus[]) => void,
): Promise<ProjectionStatus[]> {
  const clock: Clock = options.clock ?? systemClock
  const runner = new ProjectionRunner({ ...options, takeOver: false })
  await runner.start()
  try {
    for (;;) {
      const status = await runner.status()
      progress?.(status)
      if (runner.isLevel() || status.some(({ state }) => state === 'stopped')) return status
      await pause(clock, 250)
    }
  } finally {
    await runner.stop()
  }
}
