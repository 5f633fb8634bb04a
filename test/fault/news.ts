/**
 * What two endpoints hear of alerts with several levels, one of them of red only, while silences come and go and
 * everything is killed: whoever heard a beginning must hear the end, once, and nobody an end without a beginning.
 */

import { type Api, type Findings, get, post } from './verify.ts'

export interface Message {
  /** Of the endpoint. */
  path: string
  id: string
  body: string
}

export const newsRule = 'crash-steps'
export const silenceMs = 2_000

/** Above 100 as the other rule, and red in the second half of it. */
export async function registerNews(api: Api, receiverUrl: string): Promise<void> {
  const levels = { yellow: 100, red: 130 }
  await post(api, '/api/v1/rules', { id: newsRule, property: 'pm25', levels })
  await post(api, '/api/v1/webhooks', { id: 'steps', url: `${receiverUrl}/steps` })
  await post(api, '/api/v1/webhooks', { id: 'red', url: `${receiverUrl}/red`, levels: ['red'] })
}

/** A silence from now on for a while; the API may be the one that is killed. */
export async function silenceNews(api: Api): Promise<boolean> {
  const now = Date.now()
  const from = new Date(now).toISOString()
  const to = new Date(now + silenceMs).toISOString()
  try {
    await post(api, '/api/v1/silences', { rule: [newsRule], from, to, reason: 'crash test' })
    return true
  } catch {
    return false
  }
}

export async function checkNews(
  api: Api,
  received: readonly Message[],
  findings: Findings,
): Promise<void> {
  const over = await endedAlerts(api)
  for (const path of ['/steps', '/red']) {
    for (const [alert, types] of linesOf(received.filter((one) => one.path === path))) {
      const ends = types.filter((type) => type === 'alert.resolved').length
      findings.news += types.length
      if (types[0] === 'alert.resolved') findings.newsWithoutBeginning++
      if (ends !== (over.has(alert) ? 1 : 0)) findings.newsWithoutEnd++
      if (ends === 1 && types.at(-1) !== 'alert.resolved') findings.newsAfterEnd++
    }
  }
}

/** Types of messages by alert, each message once, in the order that they first came. */
function linesOf(received: readonly Message[]): Map<string, string[]> {
  const seen = new Set<string>()
  const lines = new Map<string, string[]>()
  for (const { id, body } of received) {
    if (seen.has(id)) continue
    seen.add(id)
    const { type, data } = JSON.parse(body) as { type: string; data: { alert: News } }
    if (data.alert.rule !== newsRule) continue
    lines.set(data.alert.id, [...(lines.get(data.alert.id) ?? []), type])
  }
  return lines
}

interface News {
  id: string
  rule: string
}

async function endedAlerts(api: Api): Promise<Set<string>> {
  const ended = new Set<string>()
  let cursor: string | null = null
  do {
    const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: { items: News[]; next: string | null } = await get(
      api,
      `/api/v1/alerts?rule=${newsRule}&state=resolved&limit=1000${after}`,
    )
    for (const { id } of page.items) ended.add(id)
    cursor = page.next
  } while (cursor !== null)
  return ended
}
