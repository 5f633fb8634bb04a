import { EventEmitter } from 'node:events'
import { Aedes } from 'aedes'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AedesChanged, checkAedes } from '../../broker/link.ts'

let aedes: Aedes
beforeEach(async () => {
  aedes = await Aedes.createBroker()
})
afterEach(() => new Promise<void>((resolve) => aedes.close(resolve)))

describe('the private fields of Aedes that we rely on', () => {
  test('are there in the installed version', () => {
    expect(() => checkAedes(aedes)).not.toThrow()
  })

  test.each<[string, (client: Record<string, unknown>) => void]>([
    ['_parser', (client) => delete client._parser],
    ['_parser', (client) => (client._parser = new EventEmitter())],
    ['_parsingBatch', (client) => delete client._parsingBatch],
    ['_nextBatch', (client) => (client._nextBatch = 1)],
    ['_eos', (client) => delete client._eos],
  ])('a change of %s is met with a loud error', (name, change) => {
    const handle = aedes.handle
    const restores: (() => void)[] = []
    aedes.handle = (stream, request) => {
      const client = handle(stream, request)
      const before = { ...client }
      change(client as unknown as Record<string, unknown>)
      restores.push(() => Object.assign(client, before))
      return client
    }
    expect(() => checkAedes(aedes)).toThrow(AedesChanged)
    expect(() => checkAedes(aedes)).toThrow(name)
    // So that Aedes itself can close what we have broken.
    for (const restore of restores) restore()
  })
})
