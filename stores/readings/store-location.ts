/**
 * Where the readings are, for commands that work on a store beside the server: which file of the data folder goes with
 * it, and how its writer and readers are opened. A store that is being built has that file somewhere else.
 */

import { basename, join } from 'node:path'
import type { Config } from '../../config.ts'
import { Fault } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import { type ReadingsStore, readingsStore } from './readings-store.ts'

export type ReadingsKind = Config['readings']

export interface ReadingsPlace {
  kind: ReadingsKind
  /** For people. */
  title: string
  /** The file that holds the readings or, for a database, position and counts. */
  file: string
  /** The store with this file. */
  open(file: string, ports: Ports): Promise<ReadingsStore>
}

/** The store of `kind` that belongs to the data folder `dataDir`. Throws `impossible` when settings are missing. */
export function readingsPlace(
  config: Config,
  kind: ReadingsKind = config.readings,
  dataDir: string = config.dataDir,
): ReadingsPlace {
  const layout = layoutOf(dataDir)
  const open: ReadingsPlace['open'] = (file, ports) =>
    readingsStore({ ...config, readings: kind }, { readings: file, influx: file }, ports)
  if (kind === 'sqlite') return { kind, title: layout.readings, file: layout.readings, open }
  const { influxUrl: url, influxBucket: bucket } = config
  if (url === undefined) {
    throw new Fault('impossible', 'BELLWETHER_INFLUX_URL is not set; it says where InfluxDB is.')
  }
  return { kind, title: `InfluxDB at ${url}, bucket ${bucket}`, file: layout.influx, open }
}

/** The same store's file in another folder. */
export function fileIn(folder: string, { file }: ReadingsPlace): string {
  return join(folder, basename(file))
}
