import { underFaults } from './scale-out/under-faults.js'

underFaults({ servers: ['eventStore'], processes: true })
