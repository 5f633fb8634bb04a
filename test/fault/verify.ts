/** Compares what the server promised with what it can show. Counts come from outside: PUBACKs and webhooks. */

import type { Publisher } from './publishers.ts'

export interface Api {
  url: string
  token: string
}

export async function get<T>(api: Api, path: string, accept = 'application/json'): Promise<T> {
  const answer = await fetch(api.url + path, {
    headers: { authorization: `Bearer ${api.token}`, accept },
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${text}`)
  return (accept === 'application/json' ? JSON.parse(text) : text) as T
}

export async function post<T>(api: Api, path: string, body: unknown): Promise<T> {
  const answer = await fetch(api.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`)
  return (text === '' ? null : JSON.parse(text)) as T
}

export interface Balance {
  received: number
  stored: number
  duplicate: number
  quarantined: number
  inFlight: number
}

export async function balance(api: Api): Promise<Balance> {
  const text = await get<string>(api, '/metrics', 'text/plain')
  const value = (name: string) => {
    const match = new RegExp(`^bellwether_readings_${name} (\\d+)$`, 'm').exec(text)
    if (match === null) throw new Error(`/metrics has no bellwether_readings_${name}`)
    return Number(match[1])
  }
  return {
    received: value('received_total'),
    stored: value('stored_total'),
    duplicate: value('duplicate_total'),
    quarantined: value('quarantined_total'),
    inFlight: value('in_flight'),
  }
}

export interface Findings {
  sent: number
  acknowledged: number
  lost: number
  doubled: number
  wrongValue: number
  changes: number
  changesMissing: number
  changesDoubled: number
  changesWrong: number
  webhooksMissing: number
  webhookIdsReused: number
  news: number
  newsWithoutBeginning: number
  newsWithoutEnd: number
  newsAfterEnd: number
  outOfBalance: number
}

/** Values by observed time, rising: what the server shows of one device. */
export type Stored = ReadonlyMap<number, number>

/** Readings: every acknowledged one can be queried, once, with the value sent. Gives back what is stored. */
export async function checkReadings(
  api: Api,
  publishers: readonly Publisher[],
  findings: Findings,
): Promise<ReadonlyMap<string, Stored>> {
  const stored = new Map<string, Stored>()
  for (const publisher of publishers) {
    const from = new Date((publisher.sent[0]?.observedAt ?? 0) - 1).toISOString()
    const to = new Date(Date.now() + 600_000).toISOString()
    const text = await get<string>(
      api,
      `/api/v1/readings?device=${publisher.device}&property=pm25&from=${from}&to=${to}`,
      'application/x-ndjson',
    )
    const seen = new Map<number, number>()
    for (const line of text.split('\n').filter((l) => l !== '')) {
      const { observedAt, value } = JSON.parse(line) as { observedAt: string; value: number }
      const at = Date.parse(observedAt)
      if (seen.has(at)) findings.doubled++
      seen.set(at, value)
    }
    stored.set(publisher.device, seen)
    findings.sent += publisher.sent.length
    findings.acknowledged += publisher.acknowledged.length
    for (const { observedAt, value } of publisher.acknowledged) {
      if (!seen.has(observedAt)) findings.lost++
      else if (seen.get(observedAt) !== value) findings.wrongValue++
    }
  }
  return stored
}

interface Change {
  id: string
  type: string
  observedAt: string
}

/** Alerts: the changes are those that the stored readings must give, each once, each told. */
export async function checkAlerts(
  api: Api,
  stored: ReadonlyMap<string, Stored>,
  received: ReadonlyMap<string, string>,
  findings: Findings,
) {
  const recorded = await allChanges(api)
  for (const [device, readings] of stored) {
    const expected = expectedChanges(readings)
    const mine = recorded.get(device) ?? []
    const keys = mine.map((change) => `${change.type} ${Date.parse(change.observedAt)}`)
    const unique = new Set(keys)
    findings.changes += keys.length
    findings.changesDoubled += keys.length - unique.size
    findings.changesMissing += expected.filter((key) => !unique.has(key)).length
    findings.changesWrong += [...unique].filter((key) => !expected.includes(key)).length
    for (const change of mine) if (!received.has(change.id)) findings.webhooksMissing++
  }
}

function expectedChanges(readings: Stored): string[] {
  const changes: string[] = []
  let raised = false
  for (const [observedAt, value] of readings) {
    if (!raised && value >= 100) changes.push(`alert.raised ${observedAt}`)
    if (raised && value < 100) changes.push(`alert.resolved ${observedAt}`)
    raised = value >= 100
  }
  return changes
}

async function allChanges(api: Api): Promise<Map<string, Change[]>> {
  const changes = new Map<string, Change[]>()
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: { items: { id: string; device: string }[]; next: string | null } = await get(
      api,
      `/api/v1/alerts?rule=crash-rule&limit=1000${query}`,
    )
    for (const { id, device } of page.items) {
      const { history } = await get<{ history: Change[] }>(api, `/api/v1/alerts/${id}`)
      changes.set(device, [...(changes.get(device) ?? []), ...history])
    }
    cursor = page.next
  } while (cursor !== null)
  return changes
}
