import { spawnSync } from 'node:child_process'
import { untilTold } from './demo-wait.js'

const TOLD = '"state":"Scheduled"'

/** Runs the line in a shell that never sleeps, with a question that counts how often it is asked. */
function asked(answer: string) {
  const script = [
    'sleep() { :; }',
    `question() { printf . >&2; ${answer}; }`,
    untilTold('question', TOLD),
    'echo on',
  ]
  const { stdout, stderr } = spawnSync('sh', ['-c', script.join('\n')], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { stdout, times: /^\.*/.exec(stderr)![0].length, said: stderr.replace(/^\.*/, '') }
}

describe('A line of the demo that waits', () => {
  it('goes on once it is told', () =>
    expect(asked(`echo '{${TOLD}}'`)).toEqual({ stdout: 'on\n', times: 1, said: '' }))

  it('asks until then', () => {
    const third = `[ "$n" -lt 3 ] || echo '{${TOLD}}'`
    expect(asked(third)).toEqual({ stdout: 'on\n', times: 3, said: '' })
  })

  it('says what never came, and goes on', () =>
    expect(asked("echo '{}'")).toEqual({
      stdout: 'on\n',
      times: 60,
      said: `Asked 60 times, never told: ${TOLD}\n`,
    }))
})
