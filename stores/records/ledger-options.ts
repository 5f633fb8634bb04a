/** The settings of the ledger as it takes them, and what is said when a device fills its room in quarantine. */

import type { Config } from '../../config.ts'
import type { Log } from '../../domain/ports.ts'
import type { LedgerOptions } from './sqlite-ledger.ts'
import type { DataLayout } from '../../runtime/data-layout.ts'

const mebibyte = 1_048_576

export function ledgerOptions(
  config: Pick<Config, 'quarantineMessagesPerDeviceMax' | 'quarantineKeptMibPerDeviceMax'>,
  layout: Pick<DataLayout, 'ledger'>,
  log: Log,
): LedgerOptions {
  const mebibytes = config.quarantineKeptMibPerDeviceMax
  return {
    path: layout.ledger,
    messagesPerDeviceMax: config.quarantineMessagesPerDeviceMax,
    keptBytesPerDeviceMax: mebibytes * mebibyte,
    onFull: (device) =>
      log.error(
        { device, mebibytes },
        'Quarantine has no room left for what waits for a person of this device; later messages of it may be lost.',
      ),
  }
}
