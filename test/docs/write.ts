/** `npm run docs`: writes every generated page. */

import { writeFileSync } from 'node:fs'
import { beijingFiles } from './beijing-aqi.ts'
import { configPage } from './config-page.ts'
import { qualityPage } from './quality-page.ts'
import { standardsPage } from './standards-page.ts'

const pages = { config: configPage, quality: qualityPage, standards: standardsPage }

for (const [name, page] of Object.entries(pages)) {
  writeFileSync(new URL(`../../docs/${name}.md`, import.meta.url), page())
}
for (const [name, text] of beijingFiles()) {
  writeFileSync(new URL(`../../docs/${name}`, import.meta.url), text)
}
