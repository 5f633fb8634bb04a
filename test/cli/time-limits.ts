/** Limits of tests that start processes: they tell a test that hangs from a machine that is slow and busy. */

/** For one test, of a handful of processes at most. One takes 1.5 s here, and five times as long on a busy machine. */
export const startLimitMs = 120_000
