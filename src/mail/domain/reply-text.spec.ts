import { fitting, numberInMessageId, numberInSubject, replyText, titleOf } from './reply-text.js'

describe('The text of an answer', () => {
  it.each([
    ['quoted lines', 'The shared one.\n\n> Which mailbox?\n> Agnes', 'The shared one.'],
    [
      'an attribution',
      'The shared one.\r\n\r\nOn Mon, 5 Jan 2026, Desk wrote:\r\n> Which?',
      'The shared one.',
    ],
    [
      'an attribution over two lines',
      'Yes.\n\nAm 05.01.2026 um 10:00 schrieb Service\nDesk <desk@example.org>:\n> Geht es?',
      'Yes.',
    ],
    ['what Outlook puts below', 'Yes.\n\n-----Original Message-----\nFrom: Desk\nWhich?', 'Yes.'],
    [
      'the head of a message',
      'Yes.\n\nFrom: Desk <desk@example.org>\nSent: Monday\nTo: Rita\nSubject: VPN\n\nWhich?',
      'Yes.',
    ],
    ['a ruled line', 'Yes.\n________________________________\nFrom: Desk\n', 'Yes.'],
    ['a signature', 'Yes.\n-- \nRita\nFloor 3', 'Yes.'],
  ])('goes without %s', (_, text, own) => {
    expect(replyText(text)).toBe(own)
  })

  it('keeps answers between the quoted lines', () => {
    expect(replyText('> Which mailbox?\nThe shared one.\n> Since when?\nNine.')).toBe(
      'The shared one.\nNine.',
    )
  })

  it.each([
    ['nothing else is in it', '> Which mailbox?'],
    ['a sentence ends in "wrote:"', 'On the error page somebody wrote:'],
    ['two dashes have no blank', 'first\n--\nsecond'],
  ])('stays whole when %s', (_, text) => {
    expect(replyText(text)).toBe(text)
  })
})

it('A text that is too long is cut, and says so', () => {
  expect(fitting('x'.repeat(200_000))).toHaveLength(200_000)
  const cut = fitting('x'.repeat(300_000))
  expect(cut).toHaveLength(200_000)
  expect(cut).toMatch(/The rest stands in the message/)
})

it('A Message-ID of ours names the record', () => {
  expect(numberInMessageId('<INC0000012@desk.example.org>')).toBe('INC0000012')
  expect(numberInMessageId('<inc0000012.4@desk.example.org>')).toBe('INC0000012')
  expect(numberInMessageId('<1.INC0000012@example.org>')).toBe(undefined)
})

describe('A subject', () => {
  it('names the record by its number in brackets', () => {
    expect(numberInSubject('AW: [inc0000012] Printer')).toBe('INC0000012')
    expect(numberInSubject('INC0000012')).toBe(undefined)
  })
  it('is a title without the marks of answers', () => {
    expect(titleOf('Re: AW: [INC0000001] Fwd: Printer')).toBe('Printer')
    expect(titleOf(' Re: ')).toBe('(no subject)')
  })
})
