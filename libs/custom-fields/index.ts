export { type CustomFieldSchema, checkCustomFields, mergedCustomFields } from './custom-fields.js'
