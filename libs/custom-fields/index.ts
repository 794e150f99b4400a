export {
  type CustomFieldSchema,
  checkCustomFields,
  mergedCustomFields,
  validatorOf,
} from './custom-fields.js'
