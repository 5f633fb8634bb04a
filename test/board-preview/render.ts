/**
 * Draws every board over the simulated city and saves what it looks like under `docs/boards/`:
 *
 *   npx tsx test/board-preview/render.ts FOLDER [board …]
 *
 * FOLDER holds the packages of `package.json` beside this file (`npm install --prefix FOLDER`); they are half a
 * gigabyte and no part of the project. Needs Debian's influxd and a Chromium (BELLWETHER_TEST_CHROMIUM).
 */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { boardFileNames, readBoard } from '../boards/board-json.ts'
import { boardCity, boardsEnd } from '../boards/seed/city.ts'
import { seedLines } from '../boards/seed/seed.ts'
import { seededServer } from '../boards/seed/server.ts'
import { startInfluxd1 } from '../servers/influx/influxd.ts'
import { shownBoard } from './shown.ts'

const [folder = '', ...only] = process.argv.slice(2)
const here = fileURLToPath(new URL('.', import.meta.url))
const pictures = fileURLToPath(new URL('../../docs/boards/', import.meta.url))
const address = 'http://board.test/'

const desktop = 1_600
const phone = 390
/** Shown at the width of a phone as well. */
const onPhone = new Set(['city.json', 'rivers.json'])

async function built(): Promise<string> {
  const page = join(folder, 'page')
  rmSync(page, { recursive: true, force: true })
  cpSync(here, page, { recursive: true })
  const grafana = (name: string) => join(folder, `node_modules/@grafana/${name}`)
  const alias = [
    { find: /^@grafana\/ui\/unstable$/, replacement: `${grafana('ui')}/dist/cjs/unstable.cjs` },
    ...['ui', 'data', 'schema', 'i18n'].map((name) => ({
      find: new RegExp(`^@grafana/${name}$`),
      replacement: `${grafana(name)}/dist/cjs/index.cjs`,
    })),
  ]
  const load = (path: string) => import(pathToFileURL(join(folder, 'node_modules', path)).href)
  const { build } = await load('vite/dist/node/index.js')
  const { default: react } = await load('@vitejs/plugin-react/dist/index.js')
  await build({
    root: page,
    logLevel: 'error',
    plugins: [react()],
    resolve: { alias, dedupe: ['react', 'react-dom', '@grafana/data', '@grafana/schema'] },
    define: { 'process.env.NODE_ENV': '"development"', global: 'globalThis' },
    build: { minify: false, outDir: join(folder, 'dist'), emptyOutDir: true },
  })
  return join(folder, 'dist')
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

async function serve(page: Page, dist: string): Promise<void> {
  await page.route('**/*', async (route) => {
    const { pathname, host } = new URL(route.request().url())
    if (!address.includes(host)) return route.abort()
    const path = join(dist, pathname === '/' ? 'index.html' : pathname)
    try {
      const body = readFileSync(path)
      return route.fulfill({
        body,
        contentType: types[extname(path)] ?? 'application/octet-stream',
      })
    } catch {
      return route.fulfill({ status: 404, body: '' })
    }
  })
}

/** The same picture with 256 colours: boards have few. */
async function smaller(picture: Buffer): Promise<Buffer> {
  const { default: png } = await import(
    pathToFileURL(join(folder, 'node_modules/upng-js/UPNG.js')).href
  )
  const image = png.decode(picture)
  return Buffer.from(png.encode(png.toRGBA8(image), image.width, image.height, 256))
}

/** In the page: every panel has its data. */
const drawn = `(() => {
  const panels = [...document.querySelectorAll('[data-panel]')]
  return panels.length > 0 && panels.every((panel) => panel.getAttribute('data-ready') === 'true')
})()`

const dist = await built()
const influxd = await startInfluxd1('/usr/bin/influxd')
const browser = await chromium.launch({
  executablePath: process.env.BELLWETHER_TEST_CHROMIUM ?? '/usr/bin/chromium',
})
try {
  const lines = seedLines(boardCity(200), { readingsHours: 74, days: 31 })
  const server = await seededServer(influxd, 1, lines)
  mkdirSync(pictures, { recursive: true })
  for (const file of boardFileNames) {
    if (only.length > 0 && !only.includes(file.replace('.json', ''))) continue
    for (const width of onPhone.has(file) ? [desktop, phone] : [desktop]) {
      const shown = await shownBoard(readBoard(file), {
        server,
        now: boardsEnd,
        width,
        timeZone: 'Asia/Shanghai',
      })
      const page = await browser.newPage({
        viewport: { width, height: 1_000 },
        timezoneId: 'Asia/Shanghai',
        colorScheme: 'dark',
      })
      const told: string[] = []
      page.on('pageerror', (error) => told.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') told.push(message.text())
      })
      await page.clock.setFixedTime(boardsEnd)
      await serve(page, dist)
      await page.addInitScript(`window.shown = ${JSON.stringify(shown)}`)
      await page.goto(address)
      await page.waitForFunction(drawn).catch(() => console.log(`${file}: not drawn`))
      const box = await page.locator('#board').boundingBox()
      // Grafana's table does not paint what lies outside of the window.
      await page.setViewportSize({ width, height: Math.ceil(box?.height ?? 1_000) })
      await page.waitForTimeout(1_500)
      const name = `${file.replace('.json', '')}${width === phone ? '-phone' : ''}.png`
      const picture = await page.locator('#board').screenshot()
      writeFileSync(join(pictures, name), await smaller(picture))
      console.log(name, [...new Set(told)].slice(0, 5))
      await page.close()
    }
  }
} finally {
  await browser.close()
  await influxd.stop()
}
