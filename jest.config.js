/** Unit, property and contract tests run from TypeScript; end-to-end and fault tests drive the built `dist` as a user would. */
const esmPackages = [
  '@nestjs',
  'jose',
  'uuid',
  'oidc-provider',
  'lru-cache',
  'commander',
  'class-validator-jsonschema',
  'stemmer',
].join('|')

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/libs', '<rootDir>/projections', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  moduleNameMapper: {
    '^#libs/(.*)$': '<rootDir>/libs/$1/index.ts',
    '^#projections/(.*)$': '<rootDir>/projections/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages})/)`],
  // Tests share the machine with each other and with servers: what is late is no fault, only what never comes
  testTimeout: 240_000,
  testSequencer: '<rootDir>/jest.sequencer.js',
  maxWorkers: process.env.E2E_SHAPE === 'scale-out' ? 3 : 2,
  // Files leave memory behind. In a worker of 600 MB, a file whose buffers make the collector look at all of it took ten times as long
  workerIdleMemoryLimit: '400MB',
  ...(process.env.JEST_CACHE && { cacheDirectory: process.env.JEST_CACHE }),
}
