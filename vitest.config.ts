import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fault/**', 'test/servers/**', 'test/containers/**', 'node_modules/**'],
    pool: 'forks',
    // Vitest leaves one core to itself; on two that makes a queue of files that mostly wait.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { shuffle: true },
  },
})
