/** The commands there are, each loaded only when it is wanted: a short command must not wait for the long ones. */

import type { Command } from './command.ts'

export interface ListedCommand {
  name: string
  /** One line for the overview. */
  about: string
  load(): Promise<Command>
}

export const commands: readonly ListedCommand[] = [
  {
    name: 'serve',
    about: 'run the server (all roles, or those of BELLWETHER_ROLES)',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'demo',
    about: 'the server with a simulated city: alerts within two minutes',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    name: 'simulate',
    about: 'publish as a simulated city, or replay a recorded flood or smog',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
  {
    name: 'device',
    about: 'register devices, make their tokens, list and remove them',
    load: async () => (await import('./commands/device.ts')).deviceCommand,
  },
  {
    name: 'token',
    about: 'make, list and remove API tokens',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'rules',
    about: 'install the alert rules to start from, list and remove rules',
    load: async () => (await import('./commands/rules.ts')).rulesCommand,
  },
  {
    name: 'quality',
    about: 'compute the flags of stored readings again',
    load: async () => (await import('./commands/quality.ts')).qualityCommand,
  },
  {
    name: 'config',
    about: 'print every setting with its effective value (secrets hidden)',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'doctor',
    about: 'look at settings, machine and stores, and say what to do about what is wrong',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'backup',
    about: 'copy a running system to a new folder',
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  },
  {
    name: 'restore',
    about: 'bring a backup into an empty data folder',
    load: async () => (await import('./commands/backup.ts')).restoreCommand,
  },
  {
    name: 'replay',
    about: 'build the readings store again from the journal archive and the journal',
    load: async () => (await import('./commands/replay.ts')).replayCommand,
  },
  {
    name: 'copy',
    about: 'copy all readings to another store, and move to it',
    load: async () => (await import('./commands/copy.ts')).copyCommand,
  },
]
