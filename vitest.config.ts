// How the suite runs: each file in a process of its own, three at a time (most of them wait for the network), so that sockets, signals and memory stay apart.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3,
    watch: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // A test that only passes the second time has not passed.
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
  },
})
