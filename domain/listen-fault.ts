/** Why a listener cannot be opened, in one line that names the setting and what to do. */

import { Fault } from './errors.ts'

export interface ListenerPlace {
  /** Setting of the address, such as `BELLWETHER_HTTP_HOST`. */
  hostSetting: string
  host: string
  /** Setting of the port, such as `BELLWETHER_HTTP_PORT`. */
  portSetting: string
  port: number
}

/** `holder` is who has the port, when that is known. The fault is `unavailable`: the same start may work later. */
export function listenFault(error: unknown, place: ListenerPlace, holder?: string): Fault {
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  return new Fault('unavailable', sentenceOf(code, error, place, holder), { cause: error })
}

function sentenceOf(
  code: string,
  error: unknown,
  { hostSetting, host, portSetting, port }: ListenerPlace,
  holder: string | undefined,
): string {
  const portSaid = `${portSetting}=${port} cannot be used`
  const hostSaid = `${hostSetting}="${host}" cannot be used`
  switch (code) {
    case 'EADDRINUSE':
      return `${portSaid}: port ${port} of ${host} is taken by ${holder ?? `another program (ss -ltnp 'sport = :${port}' says which)`}. Stop that, or set another port.`
    case 'EACCES':
      return `${portSaid}: this user may not listen on port ${port}. Set a port from 1024 on, or give the program the right (CAP_NET_BIND_SERVICE).`
    case 'EADDRNOTAVAIL':
      return `${hostSaid}: this machine has no such address. Set one that "ip address" shows, 127.0.0.1 for this machine only, or 0.0.0.0 for all.`
    case 'ENOTFOUND':
    case 'ENODATA':
      return `${hostSaid}: no address is known for this name. Set an address, or put the name into DNS or /etc/hosts.`
    case 'EAI_AGAIN':
    case 'ETIMEOUT':
      return `${hostSaid}: the name server does not answer for it. Set an address, or put the name into /etc/hosts.`
    default:
      return `${hostSetting}="${host}", ${portSetting}=${port} cannot be used: ${error instanceof Error ? error.message : String(error)}.`
  }
}
