import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { openRecordsFile, type RecordsFile } from '../../../stores/records/kysely.ts'

interface Schema {
  note: { id: number; text: string }
}
const migrations = ['CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT']

const folders: string[] = []
const files: RecordsFile<Schema>[] = []

async function open(count: number): Promise<RecordsFile<Schema>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-records-'))
  folders.push(folder)
  const opened = Array.from({ length: count }, () =>
    openRecordsFile<Schema>(join(folder, 'notes.db'), migrations),
  )
  files.push(...opened)
  return opened
}

afterEach(async () => {
  for (const file of files.splice(0)) await file.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const notes = (file: RecordsFile<Schema>) => file.db.selectFrom('note').selectAll().execute()

describe('transactions', () => {
  test('of two connections in one thread take turns, however long they are', async () => {
    const [a, b] = await open(2)
    const add = (file: RecordsFile<Schema>, from: number) =>
      file.db.transaction().execute(async (tx) => {
        for (let id = from; id < from + 500; id++) {
          await tx.insertInto('note').values({ id, text: 'x' }).execute()
        }
      })
    await Promise.all([add(a!, 0), add(b!, 1_000), add(a!, 2_000), add(b!, 3_000)])
    expect(await notes(a!)).toHaveLength(2_000)
  })

  test('that only read see one moment and hold nobody up', async () => {
    const [a, b] = await open(2)
    await a!.db
      .transaction()
      .setAccessMode('read only')
      .execute(async (tx) => {
        expect(await tx.selectFrom('note').selectAll().execute()).toEqual([])
        await b!.db
          .transaction()
          .execute((other) => other.insertInto('note').values({ id: 1, text: 'x' }).execute())
        expect(await tx.selectFrom('note').selectAll().execute()).toEqual([])
      })
    expect(await notes(a!)).toHaveLength(1)
  })

  test('that fail leave nothing, and the next one works', async () => {
    const [a] = await open(1)
    const failing = a!.db.transaction().execute(async (tx) => {
      await tx.insertInto('note').values({ id: 1, text: 'x' }).execute()
      throw new Error('our own')
    })
    await expect(failing).rejects.toThrow('our own')
    await a!.db
      .transaction()
      .execute((tx) => tx.insertInto('note').values({ id: 1, text: 'y' }).execute())
    expect(await notes(a!)).toEqual([{ id: 1, text: 'y' }])
  })
})

test('a full disk is a fault of the world: the transaction is undone, and writing goes on once there is room', async () => {
  const [a] = await open(1)
  await sql`PRAGMA max_page_count = 20`.execute(a!.db)
  const work = () =>
    a!.db.transaction().execute(async (tx) => {
      await tx.insertInto('note').values({ id: 1, text: 'kept or not' }).execute()
      await tx
        .insertInto('note')
        .values({ id: 2, text: 'x'.repeat(200_000) })
        .execute()
    })
  await expect(work()).rejects.toMatchObject({ code: 'store_unavailable' })
  expect(await notes(a!)).toEqual([])
  await sql`PRAGMA max_page_count = 1000000`.execute(a!.db)
  await work()
  expect(await notes(a!)).toHaveLength(2)
})

test('an error that is ours stays as it is', async () => {
  const [a] = await open(1)
  const wrong = sql`SELECT * FROM nowhere`.execute(a!.db)
  await expect(wrong).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
})

test('the data version changes when another connection has committed, not by our own commits', async () => {
  const [a, b] = await open(2)
  await notes(a!)
  const before = a!.dataVersion()
  await a!.db.insertInto('note').values({ id: 1, text: 'own' }).execute()
  expect(a!.dataVersion()).toBe(before)
  await b!.db.insertInto('note').values({ id: 2, text: 'other' }).execute()
  expect(a!.dataVersion()).not.toBe(before)
})
