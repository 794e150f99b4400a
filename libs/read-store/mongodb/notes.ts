import { type Collection, MongoServerError } from 'mongodb'
import type { NoteDocument } from './build-documents.js'

const DUPLICATE_KEY = 11000

/** Writes a note if there is none of that name. @returns what stands there now */
export async function addNote(notes: Collection<NoteDocument>, name: string, note: string): Promise<string> {
  for (;;) {
    try {
      await notes.insertOne({ _id: name, note }, { writeConcern: { w: 'majority' } })
      return note
    } catch (error) {
      if (!isDuplicate(error)) throw error
    }
    const standing = await notes.findOne({ _id: name })
    // Removed meanwhile: then there is none of that name again
    if (standing) return standing.note
  }
}

export async function putNote(notes: Collection<NoteDocument>, name: string, note: string): Promise<void> {
  const put = () => notes.replaceOne({ _id: name }, { note }, { upsert: true })
  await put().catch((error: unknown) => {
    // Two that insert at once: the second finds it there
    if (isDuplicate(error)) return put()
    throw error
  })
}

export async function notesBeginningWith(
  notes: Collection<NoteDocument>,
  prefix: string,
): Promise<Map<string, string>> {
  const found = await notes
    .find({ _id: { $gte: prefix, $lt: `${prefix}\uffff` } })
    .sort({ _id: 1 })
    .toArray()
  return new Map(found.map(({ _id, note }) => [_id, note]))
}

function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}
