import { type Blank, draftsOf, withoutFields } from './drafts.js'

interface Note {
  text: string
  author?: string
  read: boolean
}
const BLANK: Blank<Note> = { text: '', author: undefined, read: false }
const draftOf = draftsOf<Note>(BLANK)

describe('A draft', () => {
  it('is a copy that has every field of the blank, in its order', () => {
    const note: Note = { read: true, text: 'Mail' }
    const draft = draftOf(note)
    expect(Object.entries(draft)).toEqual([
      ['text', 'Mail'],
      ['author', undefined],
      ['read', true],
    ])
    draft.text = 'changed'
    expect(note.text).toBe('Mail')
  })

  it('has no other field', () => {
    const stored = { ...BLANK, text: 'Mail', formerly: 1 }
    expect(draftOf(stored)).toStrictEqual({ ...BLANK, text: 'Mail' })
  })
})

describe('A document without some fields', () => {
  it('is a copy of the rest, in order', () => {
    const note: Note = { text: 'Mail', author: 'ann', read: false }
    const shown = withoutFields(note, new Set(['author'] as const))
    expect(Object.entries(shown)).toEqual([
      ['text', 'Mail'],
      ['read', false],
    ])
    Object.assign(shown, { read: true })
    expect(note).toEqual({ text: 'Mail', author: 'ann', read: false })
  })

  it('does without what it lacks', () => {
    const note: Note = { text: 'Mail', read: false }
    expect(withoutFields(note, new Set(['author'] as const))).toStrictEqual(note)
  })
})
