/**
 * Addresses of host names, for everything in this thread: listeners, InfluxDB, webhooks, simulators and their libraries.
 *
 * Node asks the operating system (`getaddrinfo`) on one of four threads that files need as well, and cannot take a
 * question back: a name server that does not answer keeps those threads for half a minute, and the process from ending.
 * So names are asked for here, in the order of the operating system: `/etc/hosts`, then DNS with the search list of
 * `/etc/resolv.conf`, by questions that can be given up. Only a name that DNS says it does not know is left to the
 * operating system, which may have other sources (mDNS, a directory).
 */

import dns, { type LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Timers } from '../domain/ports.ts'

const answerWithinMs = 5_000
const questionMs = 1_000
const questionTries = 2
/** How long the addresses of the other version are waited for when those of one are there. */
const otherVersionMs = 150

export interface NameSources {
  hostsFile: string
  /** Its name servers are read by c-ares itself. */
  resolverFile: string
  /** Instead of those of the system, with port. */
  servers?: readonly string[]
  timers: Timers
}

/** All addresses of a name, IPv4 first. Throws what `dns.lookup` would: `ENOTFOUND`, or `EAI_AGAIN` without an answer. */
export type ResolveName = (hostname: string) => Promise<LookupAddress[]>

/** From now on this thread looks names up so. Windows has its own ways and is left alone. */
export function installNames(timers: Timers): void {
  if (process.platform === 'win32') return
  const system = { lookup: dns.lookup, all: dns.promises.lookup }
  const resolve = createNames(
    { hostsFile: '/etc/hosts', resolverFile: '/etc/resolv.conf', timers },
    (hostname) => system.all(hostname, { all: true }),
  )
  dns.lookup = lookupWith(resolve, system.lookup)
  dns.promises.lookup = promisedLookup(dns.lookup)
  // `import { lookup } from 'node:dns'` sees it as well.
  syncBuiltinESMExports()
}

/** `otherwise` is asked for names that DNS does not know. */
export function createNames(sources: NameSources, otherwise: ResolveName): ResolveName {
  return async (hostname) => {
    const name = (domainToASCII(hostname) || hostname).toLowerCase()
    const plain = name.replace(/\.$/, '')
    const listed = hostsOf(sources.hostsFile).get(plain)
    if (listed !== undefined) return listed
    if (plain === 'localhost' || plain.endsWith('.localhost')) return loopback
    for (const candidate of candidatesOf(name, sources.resolverFile)) {
      const found = await askDns(candidate, sources)
      if (found.length > 0) return found
    }
    return otherwise(hostname)
  }
}

const loopback: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

function hostsOf(path: string): Map<string, LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>()
  for (const line of linesOf(path)) {
    const [address = '', ...names] = line
    const family = isIP(address)
    if (family === 0) continue
    for (const name of names.map((each) => each.toLowerCase())) {
      const others = hosts.get(name) ?? []
      hosts.set(
        name,
        [...others, { address, family }].sort((a, b) => a.family - b.family),
      )
    }
  }
  return hosts
}

/** What DNS is asked for a name, one after the other (resolv.conf(5): `search`, `ndots`). */
function candidatesOf(name: string, resolverFile: string): string[] {
  if (name.endsWith('.')) return [name]
  let search: string[] = []
  let dotsMin = 1
  for (const [word, ...rest] of linesOf(resolverFile)) {
    if (word === 'search' || word === 'domain') search = rest.filter((domain) => domain !== '.')
    const dots = word === 'options' ? /\bndots:(\d+)/.exec(rest.join(' '))?.[1] : undefined
    if (dots !== undefined) dotsMin = Number(dots)
  }
  const longer = search.map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 >= dotsMin ? [name, ...longer] : [...longer, name]
}

/** Words of each line, without comments; a file that is not there has none. */
function linesOf(path: string): string[][] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // Many containers have no such file; then it says nothing.
  }
  const lines = text.split('\n').map((line) => line.replace(/[#;].*$/, '').trim())
  return lines.filter((line) => line !== '').map((line) => line.split(/\s+/))
}

/** Empty when DNS says that there is no address. */
async function askDns(name: string, { servers, timers }: NameSources): Promise<LookupAddress[]> {
  const resolver = new dns.promises.Resolver({ timeout: questionMs, tries: questionTries })
  if (servers !== undefined) resolver.setServers(servers)
  const cancel = timers.after(answerWithinMs, () => resolver.cancel())
  const pause = (ms: number) => new Promise<void>((resolve) => void timers.after(ms, resolve))
  try {
    const four = answerOf(resolver.resolve4(name), 4)
    const six = answerOf(resolver.resolve6(name), 6)
    const first = await Promise.race([four, six])
    if (Array.isArray(first) && first.length > 0) {
      await Promise.race([Promise.all([four, six]), pause(otherVersionMs)])
      resolver.cancel()
    }
    const answers = [await four, await six]
    const found = answers.flatMap((answer) => (Array.isArray(answer) ? answer : []))
    const silent = answers.find((answer) => answer instanceof Error)
    if (found.length > 0 || silent === undefined) return found
    throw noAnswer(name, silent)
  } finally {
    cancel()
    resolver.cancel()
  }
}

/** No answer is not the same as the answer that there is none. */
const unanswered = new Set(['ETIMEOUT', 'ECANCELLED'])

async function answerOf(
  asked: Promise<string[]>,
  family: number,
): Promise<LookupAddress[] | NodeJS.ErrnoException> {
  try {
    return (await asked).map((address) => ({ address, family }))
  } catch (error) {
    const fault = error as NodeJS.ErrnoException
    return unanswered.has(fault.code ?? '') ? fault : []
  }
}

function noAnswer(name: string, cause: Error): NodeJS.ErrnoException {
  const message = `No name server answers for ${name}.`
  return Object.assign(new Error(message, { cause }), {
    code: 'EAI_AGAIN',
    syscall: 'queryA',
    hostname: name,
  })
}

type SystemLookup = typeof dns.lookup
type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void
interface LookupWish {
  family: number | 'IPv4' | 'IPv6'
  all: boolean
}

function lookupWith(resolve: ResolveName, system: SystemLookup): SystemLookup {
  function lookup(hostname: string, options: unknown, callback?: Callback): void {
    if (typeof options === 'function') {
      lookup(hostname, {}, options as Callback)
      return
    }
    // An address needs no asking, and what is no name is refused in Node's own words.
    if (callback === undefined || typeof hostname !== 'string' || isIP(hostname) !== 0) {
      Reflect.apply(system, dns, [hostname, options, callback])
      return
    }
    const wish = wishOf(options)
    resolve(hostname).then(
      (found) => answer(hostname, found, wish, callback),
      (error: NodeJS.ErrnoException) => callback(error, wish.all ? [] : ''),
    )
  }
  return Object.assign(lookup, { __promisify__: system.__promisify__ }) as SystemLookup
}

function wishOf(options: unknown): LookupWish {
  if (typeof options === 'number') return { family: options, all: false }
  const { family = 0, all = false } = (options ?? {}) as Partial<LookupWish>
  return { family, all }
}

function answer(
  hostname: string,
  found: readonly LookupAddress[],
  { family, all }: LookupWish,
  callback: Callback,
): void {
  const wanted = { IPv4: 4, IPv6: 6 }[String(family)] ?? Number(family)
  const fitting = found.filter((each) => wanted === 0 || each.family === wanted)
  const [first] = fitting
  if (first === undefined) {
    const error = new Error(`No address of this version is known for ${hostname}.`)
    callback(Object.assign(error, { code: 'ENOTFOUND', hostname }), all ? [] : '')
  } else if (all) callback(null, fitting)
  else callback(null, first.address, first.family)
}

function promisedLookup(lookup: SystemLookup): typeof dns.promises.lookup {
  const promised = (hostname: string, options: unknown = {}) =>
    new Promise((resolve, reject) => {
      const done: Callback = (error, address, family) => {
        if (error !== null) reject(error)
        else resolve(Array.isArray(address) ? address : { address, family })
      }
      Reflect.apply(lookup, dns, [hostname, options, done])
    })
  return promised as typeof dns.promises.lookup
}
