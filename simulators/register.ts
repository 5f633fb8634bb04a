/**
 * Makes a city known to a server through its API: sites, gateways, devices, rules, a webhook. May be repeated at
 * any time: what is there already is replaced by the same, and tokens that still work are kept.
 */

import type { Device } from '../domain/device.ts'
import type { Rule } from '../domain/rule.ts'
import type { Site } from '../domain/site.ts'
import { type ApiClient, ApiRefusal, field, listField, stringField } from './api-client.ts'
import type { TokenFile } from './token-file.ts'

export interface Registration {
  sites: readonly Site[]
  /** Gateways before those behind them. */
  devices: readonly Device[]
  /** Ids that will sign in and so need a token. */
  connectors: readonly string[]
}

const linesPerRequest = 2_000

/** Registers everything and answers the tokens of all connectors, by device. */
export async function register(
  what: Registration,
  { api, file, print }: { api: ApiClient; file: TokenFile; print: (line: string) => void },
): Promise<Map<string, string>> {
  const secrets = await file.read()
  const tokens = await knownTokens(what.connectors, { api, secrets })
  const needing = new Set(what.connectors.filter((id) => !tokens.has(id)))
  await importLines(
    what.sites.map((site) => ({ site })),
    { api, print, tokens: null },
  )
  // Devices that need a token apart from the others, so that no token is made that nobody keeps.
  const [fresh, rest] = split(what.devices, (device) => needing.has(device.id))
  const gateways = new Set(what.devices.map((device) => device.gateway))
  const [first, behind] = split(rest, (device) => gateways.has(device.id))
  await importLines(lines(fresh), { api, print, tokens })
  await importLines([...lines(first), ...lines(behind)], { api, print, tokens: null })
  for (const id of needing) {
    if (!tokens.has(id)) tokens.set(id, await newToken(api, id))
  }
  await file.write(new Map([...secrets, ...tokens]))
  return tokens
}

/** A new token of a device the server knows; the old one stops working. */
export async function newToken(api: ApiClient, device: string): Promise<string> {
  const answer = await api.post(`/devices/${encodeURIComponent(device)}/token`, {})
  const token = stringField(answer, 'token')
  if (token === undefined) throw new Error(`the server answered no token for ${device}`)
  return token
}

/** Tokens kept from before, unless the server has forgotten the city since. */
async function knownTokens(
  connectors: readonly string[],
  { api, secrets }: { api: ApiClient; secrets: ReadonlyMap<string, string> },
): Promise<Map<string, string>> {
  const [probe] = connectors
  if (probe === undefined || !secrets.has(probe)) return new Map()
  try {
    await api.get(`/devices/${encodeURIComponent(probe)}`)
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return new Map()
    throw error
  }
  return new Map([...secrets].filter(([id]) => connectors.includes(id)))
}

function lines(devices: readonly Device[]): object[] {
  return devices.map((device) => ({ device }))
}

function split<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

/** `tokens`: asks for tokens of these devices and adds them; null asks for none. */
async function importLines(
  all: readonly object[],
  to: { api: ApiClient; print: (line: string) => void; tokens: Map<string, string> | null },
): Promise<void> {
  const path = `/devices/import${to.tokens === null ? '' : '?tokens=true'}`
  for (let i = 0; i < all.length; i += linesPerRequest) {
    const answer = await to.api.postLines(path, all.slice(i, i + linesPerRequest))
    for (const error of listField(answer, 'errors').slice(0, 3)) {
      to.print(`not registered: ${JSON.stringify(error)}`)
    }
    const made = field(answer, 'tokens')
    if (to.tokens === null || typeof made !== 'object' || made === null) continue
    for (const [device, token] of Object.entries(made)) {
      if (typeof token === 'string') to.tokens.set(device, token)
    }
  }
}

export async function registerRules(api: ApiClient, rules: readonly Rule[]): Promise<void> {
  for (const rule of rules) await api.put(`/rules/${encodeURIComponent(rule.id)}`, rule)
}

/** Makes the webhook anew, because its secret is told only when it is made, and asks for what is open; answers the secret. */
export async function registerWebhook(
  api: ApiClient,
  webhook: { id: string; url: string },
): Promise<string> {
  const path = `/webhooks/${encodeURIComponent(webhook.id)}`
  try {
    await api.remove(path)
  } catch (error) {
    if (!(error instanceof ApiRefusal && error.status === 404)) throw error
  }
  const secret = stringField(await api.post('/webhooks', { ...webhook, catchUp: true }), 'secret')
  if (secret === undefined) throw new Error(`the server answered no secret for ${webhook.id}`)
  return secret
}
