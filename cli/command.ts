/** What a command of the command line is. */

export interface Command {
  name: string
  /** The whole help, ending in a line feed. */
  help: string
  /** Returns the exit code. Throws `UsageError` when the arguments make no sense. */
  run(argv: readonly string[]): Promise<number>
}

/** The arguments make no sense; the message says which and why. */
export class UsageError extends Error {}
