import { defineConfig } from 'vitest/config'

/** Tests that need a server beside us; see test/servers/server.ts for how one is found. */
export default defineConfig({
  test: {
    include: ['test/servers/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
