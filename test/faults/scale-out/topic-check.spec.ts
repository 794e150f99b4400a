import { type Placed, tallyTopic } from './topic-check.js'

const placed = (n: number, key: string): Placed => ({ id: `e${n}`, key, position: `${n}` })
const [a1, b2, a3, b4, a5] = [placed(1, 'a'), placed(2, 'b'), placed(3, 'a'), placed(4, 'b'), placed(5, 'a')]
const log = [a1, b2, a3, b4, a5] as Placed[]

describe('A topic held against the log', () => {
  it('is right with each key in order, over partitions', () => {
    expect(tallyTopic(log, [[b2!, b4!], [a1!, a3!, a5!], []])).toEqual({
      expected: 5,
      messages: 5,
      repetitions: 0,
      wrong: [],
    })
  })

  it('may repeat a run of events, which is counted', () => {
    expect(
      tallyTopic(log, [
        [a1!, a3!, a1!, a3!, a5!],
        [b2!, b4!],
      ]),
    ).toMatchObject({
      messages: 7,
      repetitions: 2,
      wrong: [],
    })
  })

  it.each<[string, Placed[][], string]>([
    [
      'a lost event',
      [
        [a1!, a5!],
        [b2!, b4!],
      ],
      'lacks a at 3',
    ],
    ['a lost last event', [[a1!, a3!, a5!], [b2!]], 'lacks b at 4'],
    [
      'two events the wrong way round',
      [
        [a1!, a5!, a3!],
        [b2!, b4!],
      ],
      'disorder in a',
    ],
    [
      'an event that came late, although it was repeated',
      [
        [a1!, a5!, a3!, a5!],
        [b2!, b4!],
      ],
      'disorder in a',
    ],
    [
      'an event that should not be there',
      [
        [a1!, a3!, a5!, placed(6, 'a')],
        [b2!, b4!],
      ],
      'has a at 6',
    ],
  ])('is wrong with %s', (_, partitions, finding) => {
    expect(tallyTopic(log, partitions).wrong).toEqual([finding])
  })
})
