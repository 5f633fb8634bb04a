/** Writes docs/config.md from the settings: `npm run docs`. A test fails when the page is out of date. */

import { describeConfig, loadConfig } from '../../config.ts'

export function configPage(): string {
  const rows = describeConfig(loadConfig({ environment: {} })).map(
    ({ name, value, about }) =>
      `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${about} |`,
  )
  return `# Settings

Generated from \`settings.ts\` by \`npm run docs\`; do not edit.

Settings come from the environment and from an optional YAML file (\`--config FILE\` or \`BELLWETHER_CONFIG\`); the
environment wins. In YAML, \`BELLWETHER_MQTT_PORT\` is \`mqttPort\`, \`mqtt_port\` or \`mqtt: {port: …}\`. Any setting may come
from a file instead: \`BELLWETHER_ADMIN_TOKEN_FILE=/run/secrets/admin\`. An unknown or bad setting stops the start with one
line that names it. \`bellwether config\` prints the effective ones.

| setting | default | |
|---|---|---|
${rows.join('\n')}
`
}
