import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import multipart from '@fastify/multipart'
import { type FastifyInstance, fastify } from 'fastify'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { toProblem } from '#libs/platform'
import { AttachmentLimits } from './attachment-limits.js'
import { readForms } from './forms.js'
import { storeUploadedFile } from './uploaded-file.js'

const LIMITS = new AttachmentLimits(64, ['text/plain'])
const TYPE = 'multipart/form-data; boundary=x'
const END = '--x--\r\n'

const filePart = (content: string, type = 'text/plain', name = 'a.txt') =>
  `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`
const textPart = '--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'

describe('an uploaded file', () => {
  let folder: string
  let server: FastifyInstance
  let url: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-upload-'))
    const blobs = await openFolderBlobStore(folder)
    server = fastify()
    readForms(server)
    server.setErrorHandler((error, _request, reply) => {
      const { body } = toProblem(error)
      reply.code(body.status).send(body)
    })
    server.post('/', (request) => storeUploadedFile(request, blobs, LIMITS))
    url = await server.listen({ port: 0, host: '127.0.0.1' })
  })
  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function send(payload: string, type = TYPE) {
    const answer = await fetch(url, { method: 'POST', body: payload, headers: { 'content-type': type } })
    return answer.json()
  }

  it('has no other request watched for what it might have saved', async () => {
    const watched = async (prepare: (server: FastifyInstance) => unknown) => {
      const server = fastify()
      await prepare(server)
      server.get('/', (_request, reply) => ({ listeners: reply.raw.listenerCount('close') }))
      const answer = await fetch(await server.listen({ port: 0, host: '127.0.0.1' }))
      await server.close()
      return ((await answer.json()) as { listeners: number }).listeners
    }
    const unwatched = await watched(() => {})
    expect(await watched(readForms)).toBe(unwatched)
    expect(await watched((server) => server.register(multipart))).toBe(unwatched + 1)
  })

  it('is stored with its name, type and size', async () => {
    expect(await send(filePart('hello') + END)).toMatchObject({
      name: 'a.txt',
      contentType: 'text/plain',
      size: 5,
    })
  })

  it.each([
    ['a form without a boundary', 'x', 'multipart/form-data', 'MALFORMED_FORM', /Boundary not found/],
    ['a form that only begins', '--x', TYPE, 'MALFORMED_FORM', /cannot be read.*curl -F/],
    ['a file that breaks off', filePart('hello'), TYPE, 'MALFORMED_FORM', /cannot be read/],
    ['a form without a part', END, TYPE, 'MISSING', /no file.*curl -F/],
    ['a file without a name', filePart('hello', 'text/plain', '') + END, TYPE, 'MISSING', /no name/],
    ['a text alone', textPart + END, TYPE, 'NOT_ONE_FILE', /no file.*curl -F/],
    ['a text before the file', textPart + filePart('hello') + END, TYPE, 'NOT_ONE_FILE', /no file/],
    ['a text after the file', filePart('hello') + textPart + END, TYPE, 'NOT_ONE_FILE', /no file/],
    [
      'a second file',
      filePart('a') + filePart('b') + END,
      TYPE,
      'NOT_ONE_FILE',
      /second file.*request of its own/,
    ],
  ])('is refused with 400 in %s', async (_what, payload, type, code, detail) => {
    expect(await send(payload, type)).toMatchObject({
      status: 400,
      code: `ATTACHMENT.${code}`,
      detail: expect.stringMatching(detail),
    })
  })

  it('is refused when it is too large or of a type that is not allowed', async () => {
    expect(await send(filePart('x'.repeat(65)) + END)).toMatchObject({ status: 413, code: 'BLOB.TOO_LARGE' })
    expect(await send(filePart('x', 'text/html') + END)).toMatchObject({
      status: 415,
      detail: 'text/html may not be attached; allowed are text/plain',
    })
  })
})
