import { defineConfig } from 'vitest/config'

/** The image and the compose file in a real container engine; test/containers/engine.ts says how one is had. */
export default defineConfig({
  test: {
    include: ['test/containers/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    sequence: { shuffle: false },
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
  },
})
