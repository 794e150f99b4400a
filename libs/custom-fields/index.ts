export {
  type CustomFieldSchema,
  changedCustomFields,
  checkCustomFields,
  mergedCustomFields,
  validatorOf,
} from './custom-fields.js'
