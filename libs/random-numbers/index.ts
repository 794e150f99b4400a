export { randomNumbers } from './random-numbers.js'
