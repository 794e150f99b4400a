import { type Blank, draftsOf } from './drafts.js'

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
