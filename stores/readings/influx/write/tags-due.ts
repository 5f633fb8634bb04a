/** Whether it must still be learned from the tags of points where their devices stood, and of which devices. */

import type { SqliteDatabase } from '../../../sqlite.ts'

export interface TagsDue {
  isDue(): boolean
  /** Devices with readings, by id, after this one. */
  devicesAfter(device: string, limit: number): string[]
  set(due: boolean): void
}

export function createTagsDue(db: SqliteDatabase): TagsDue {
  const select = db.prepare<[], { due: number | null }>(
    'select tags_due as due from state where id = 1',
  )
  const update = db.prepare<[number]>('update state set tags_due = ? where id = 1')
  const devices = db.prepare<[string, number], { device: string }>(
    'select distinct device from series where device > ? order by device limit ?',
  )
  return {
    isDue: () => select.get()?.due === 1,
    devicesAfter: (device, limit) => devices.all(device, limit).map((row) => row.device),
    set: (due) => void update.run(due ? 1 : 0),
  }
}
