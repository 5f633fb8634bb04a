/**
 * The URL of a webhook without what is secret in it. Many receivers take whoever knows the path or a parameter for
 * entitled, so only scheme and host are shown, by which people recognise an endpoint.
 */

const mask = '***'
/** Shorter parts of a path are words such as `hook`, and are everywhere in an answer. */
const secretCharsMin = 6

export function maskedUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return pathname === '/' && search === '' ? `${origin}/` : `${origin}/${mask}`
}

/** Whether somebody gives back what we have answered in place of the URL. */
export function isMasked(url: string): boolean {
  return url.endsWith(`/${mask}`)
}

/** A receiver may repeat in its answer what it was asked: the URL or parts of it, or the secret. */
export function redacted(text: string, { url, secret }: { url: string; secret: string }): string {
  const { pathname, search, searchParams } = new URL(url)
  const parts = [...pathname.split('/'), ...searchParams.values()]
  const decoded = parts.map(plain)
  const hidden = [url, pathname + search, search, secret, secret.replace(/^whsec_/, '')]
  const all = [...hidden, ...parts, ...decoded].filter((part) => part.length >= secretCharsMin)
  all.sort((a, b) => b.length - a.length)
  return all.reduce((left, part) => left.replaceAll(part, mask), text)
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
