import { underFaults } from './scale-out/under-faults.js'

underFaults({ servers: ['readStore', 'broker'] })
