/** What to say to a request that no route takes: 405 when the path takes other methods, 404 otherwise. */

import { Fault } from '../../domain/errors.ts'
import { type App, docsPath } from '../context.ts'
import { pathOf } from './problem-details.ts'

export function installUnknownPath(app: App): void {
  const methodsByUrl = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', (route) => {
    const known = methodsByUrl.get(route.url) ?? {
      pattern: patternOf(route.url),
      methods: new Set(),
    }
    for (const method of [route.method].flat()) known.methods.add(method)
    methodsByUrl.set(route.url, known)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const allowed = [...methodsByUrl.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => [...methods])
    if (allowed.length === 0)
      throw new Fault('not_found', `There is nothing at this path; ${docsPath} shows every path.`)
    const allow = [...new Set(allowed)].sort().join(', ')
    void reply.header('allow', allow)
    throw new Fault('method_not_allowed', `${request.method} is not known here; ${allow} are.`)
  })
}

function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/:[a-z]+/g, '[^/]+').replace('\\*', '.*')}$`)
}
