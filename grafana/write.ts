/** `npm run boards`: writes each board into `grafana/boards/`, where Grafana is told to look for them. */

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { boardFiles } from './files.ts'

const folder = new URL('./boards/', import.meta.url)
const files = boardFiles()
for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(new URL(name, folder))
for (const [name, text] of files) writeFileSync(new URL(name, folder), text)
