import { Readable } from 'node:stream'
import { attachmentAnswer } from './attachments.js'

describe('the answer with an attachment', () => {
  const dispositionOf = async (name: string) => {
    const blobs = { get: async () => Readable.from(['x']) }
    const { options } = await attachmentAnswer(blobs, { hash: 'a', name, size: 1 })
    return options.headers?.['content-disposition']
  }

  it.each([
    ['report.txt', 'report.txt'],
    ["it's (1)*.txt", 'it%27s%20%281%29%2A.txt'],
    ['über "x".txt', '%C3%BCber%20%22x%22.txt'],
    ['a\r\nb', 'a%0D%0Ab'],
  ])('names the file %j as RFC 8187 wants it', async (name, value) => {
    expect(await dispositionOf(name)).toBe(`attachment; filename*=UTF-8''${value}`)
  })
})
