import multipart from '@fastify/multipart'
import type { FastifyInstance } from 'fastify'

/**
 * Lets the server read forms with files. Without the hooks of `@fastify/multipart`: they clear away files that it saved
 * itself, and every request of any route runs through them, while ours are streamed into the blob store.
 */
export function readForms(fastify: FastifyInstance): void {
  const withoutHooks = Object.create(fastify, { addHook: { value: () => fastify } })
  multipart(withoutHooks, {}, (error) => {
    if (error) throw error
  })
}
