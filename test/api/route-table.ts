/** Every route that the API may have, with the least role that may use it, written down by hand. */

export const routeTable = [
  ['GET', '/healthz', 'open'],
  ['GET', '/readyz', 'open'],
  ['GET', '/metrics', 'open'],
  ...collection('/api/v1/sites', 'viewer', 'admin'),
  ...collection('/api/v1/devices', 'viewer', 'admin'),
  ['POST', '/api/v1/devices/{id}/token', 'admin'],
  ['POST', '/api/v1/devices/import', 'admin'],
  ['GET', '/api/v1/devices/{id}/placements', 'viewer'],
  ['POST', '/api/v1/devices/{id}/placements', 'admin'],
  ['GET', '/api/v1/properties', 'viewer'],
  ['GET', '/api/v1/latest', 'viewer'],
  ['GET', '/api/v1/readings', 'viewer'],
  ['GET', '/api/v1/quarantine', 'viewer'],
  ['GET', '/api/v1/quarantine/{id}', 'viewer'],
  ['DELETE', '/api/v1/quarantine/{id}', 'admin'],
  ['POST', '/api/v1/quarantine/{id}/retry', 'operator'],
  ['GET', '/api/v1/quality', 'viewer'],
  ['POST', '/api/v1/quality/time_gap', 'viewer'],
  ['POST', '/api/v1/quality/gross_range', 'viewer'],
  ['POST', '/api/v1/quality/climatology', 'viewer'],
  ['POST', '/api/v1/quality/spike', 'viewer'],
  ['POST', '/api/v1/quality/rate_of_change', 'viewer'],
  ['POST', '/api/v1/quality/flat_line', 'viewer'],
  ['POST', '/api/v1/quality/attenuated_signal', 'viewer'],
  ['POST', '/api/v1/quality/neighbour', 'viewer'],
  ['POST', '/api/v1/quality/aggregate', 'viewer'],
  ...collection('/api/v1/quality-plans', 'viewer', 'admin'),
  ['GET', '/api/v1/indices', 'viewer'],
  ['GET', '/api/v1/indices/{index}', 'viewer'],
  ['POST', '/api/v1/indices/{index}', 'viewer'],
  ['GET', '/api/v1/sites/{id}/indices', 'viewer'],
  ...collection('/api/v1/rules', 'viewer', 'admin'),
  ['GET', '/api/v1/alerts', 'viewer'],
  ['GET', '/api/v1/alerts/{id}', 'viewer'],
  ['POST', '/api/v1/alerts/{id}/acknowledge', 'operator'],
  ...collection('/api/v1/silences', 'viewer', 'operator'),
  ...collection('/api/v1/webhooks', 'viewer', 'admin'),
  ['POST', '/api/v1/webhooks/{id}/test', 'admin'],
  ['GET', '/api/v1/deliveries', 'viewer'],
  ['POST', '/api/v1/deliveries/{id}/retry', 'operator'],
  ['GET', '/api/v1/events', 'viewer'],
  ...collection('/api/v1/tokens', 'admin', 'admin'),
  ['GET', '/api/v1/audit', 'admin'],
] as const satisfies readonly (readonly [string, string, string])[]

function collection<const P extends string, const R extends string, const W extends string>(
  path: P,
  read: R,
  write: W,
) {
  return [
    ['GET', path, read],
    ['POST', path, write],
    ['GET', `${path}/{id}`, read],
    ['PUT', `${path}/{id}`, write],
    ['PATCH', `${path}/{id}`, write],
    ['DELETE', `${path}/{id}`, write],
  ] as const
}

const qualityBodies: Readonly<Record<string, object>> = {
  time_gap: { t: [0, 60], suspect_s: 30 },
  gross_range: { x: [1], fail_span: [0, 2] },
  climatology: { x: [1], t: [0], members: [{ tspan: [1, 2], period: 'month', vspan: [0, 2] }] },
  spike: { x: [1], suspect: 1 },
  rate_of_change: { x: [1], t: [0], threshold: '5/60' },
  flat_line: { x: [1], t: [0], suspect_s: 60 },
  attenuated_signal: { x: [1], suspect: 1 },
  neighbour: { x: [1], neighbours: [[1]], suspect: 1 },
  aggregate: { flags: [[1]] },
}

/** A body that the route takes, for routes that take JSON. */
export function goodBody(method: string, path: string): object | undefined {
  if (method === 'PATCH' || path.endsWith('/acknowledge')) return {}
  if (method === 'POST' && path.endsWith('/placements')) return { site: null, from: null }
  if (method !== 'PUT' && (method !== 'POST' || path.includes('{id}'))) return undefined
  const id = method === 'POST' ? { id: 'made' } : {}
  const [, , , resource] = path.split('/')
  return {
    sites: { ...id },
    devices: path.endsWith('import') ? undefined : { ...id },
    quality: qualityBodies[path.split('/').at(-1) ?? ''],
    'quality-plans': { ...id, property: 'pm25', tests: { spike: null } },
    indices: { values: {} },
    rules: { ...id, property: 'pm25', levels: { red: 75 } },
    silences: {
      ...id,
      site: ['s'],
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-02T00:00:00Z',
      reason: 'r',
    },
    webhooks: { ...id, url: 'https://duty.example.com/' },
    tokens: { ...id, role: 'viewer' },
  }[resource ?? '']
}
