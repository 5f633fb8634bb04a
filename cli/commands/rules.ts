/** `bellwether rules`: alert rules, directly in the registry of the data folder, and the set to start from. */

import { parseArgs } from 'node:util'
import { alertLevels, type Bound, propertyWatched, type Rule } from '../../domain/rule.ts'
import { starterGroups } from '../../domain/starter-rules.ts'
import type { StarterGroup } from '../../domain/starter-rules/starter-rule.ts'
import type { Registry, RegistryView } from '../../stores/records/registry.ts'
import { type Command, UsageError } from '../command.ts'
import { audited, withRegistry } from '../registry-access.ts'

interface Stores {
  registry: Registry
  view: RegistryView
}

const groupNames = starterGroups.map(({ id }) => id)

export const rulesCommand: Command = {
  name: 'rules',
  help: `Usage: bellwether rules install [--only GROUP,GROUP…] [--replace]
       bellwether rules list [--available]
       bellwether rules remove ID

"install" puts the rules to start from into the registry; docs/standards.md says where their bounds come from. A rule
that is there already is left as it is. Edit them afterwards: PATCH /api/v1/rules/ID. Works on the registry of
BELLWETHER_DATA_DIR, whether the server runs or not.

  --only       these groups only: ${groupNames.join(', ')}
  --replace    overwrite rules that are there already, with what was edited in them
  --available  the rules to start from, instead of those in the registry
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        replace: { type: 'boolean', default: false },
        available: { type: 'boolean', default: false },
      },
    })
    const [action, id, ...rest] = positionals
    if (rest.length > 0 || (action !== 'remove' && id !== undefined)) {
      throw new UsageError(`"${rest[0] ?? id}" is one argument too many`)
    }
    if (action === 'install') {
      const groups = groupsNamed(values.only)
      return withRegistry((stores) => install(groups, { ...stores, replace: values.replace }))
    }
    if (action === 'list') {
      if (values.available) return print(starterGroups.flatMap(linesOf))
      return withRegistry(async ({ view }) => print(view.all('rule').map(lineOf)))
    }
    if (action === 'remove' && id !== undefined) return withRegistry((stores) => remove(id, stores))
    throw new UsageError('say "install", "list" or "remove ID"')
  },
}

function groupsNamed(only: string | undefined): readonly StarterGroup[] {
  if (only === undefined) return starterGroups
  return only.split(',').map((name) => {
    const group = starterGroups.find(({ id }) => id === name.trim())
    if (group !== undefined) return group
    throw new UsageError(`--only: "${name}" is not one of ${groupNames.join(', ')}`)
  })
}

async function install(
  groups: readonly StarterGroup[],
  stores: Stores & { replace: boolean },
): Promise<number> {
  const counts = { installed: 0, replaced: 0, kept: 0 }
  for (const { rule } of new Set(groups.flatMap(({ rules }) => rules))) {
    const done = await installOne(rule, stores)
    counts[done] += 1
    process.stdout.write(`${done}\t${lineOf(rule)}\n`)
  }
  const { installed, replaced, kept } = counts
  const hint = kept > 0 ? ' (there already; --replace overwrites them)' : ''
  process.stdout.write(`${installed} installed, ${replaced} replaced, ${kept} kept${hint}\n`)
  return 0
}

async function installOne(
  rule: Rule,
  { registry, view, replace }: Stores & { replace: boolean },
): Promise<'installed' | 'replaced' | 'kept'> {
  const target = `rule/${rule.id}`
  if (view.get('rule', rule.id) === undefined) {
    await audited(registry, 'rule.create', target, () => registry.insert('rule', rule))
    return 'installed'
  }
  if (!replace) return 'kept'
  await audited(registry, 'rule.replace', target, () => registry.replace('rule', rule))
  return 'replaced'
}

async function remove(id: string, { registry }: Stores): Promise<number> {
  const removal = () => registry.remove('rule', id)
  if (await audited(registry, 'rule.remove', `rule/${id}`, removal)) return 0
  process.stderr.write(`There is no rule "${id}".\n`)
  return 1
}

function print(lines: readonly string[]): number {
  for (const line of lines) process.stdout.write(`${line}\n`)
  return 0
}

function linesOf({ id, rules }: StarterGroup): string[] {
  return rules.map(({ rule }) => `${id}\t${lineOf(rule)}`)
}

/** Id, state, what is watched, bounds. */
function lineOf(rule: Rule): string {
  const bounds = alertLevels.flatMap((level) => {
    const bound = rule.levels[level]
    return bound === undefined ? [] : [`${level} ${shown(bound)}`]
  })
  const state = rule.enabled ? 'enabled' : 'disabled'
  return `${rule.id}\t${state}\t${watched(rule)} ${rule.direction}\t${bounds.join(', ')}`
}

function watched(rule: Rule): string {
  const { signal } = rule
  if (signal.type === 'index') return signal.index
  const what = propertyWatched(rule)
  return signal.type === 'value' ? what : `${signal.type} of ${what} over ${signal.window}`
}

function shown(bound: Bound): string {
  if (typeof bound === 'number') return String(bound)
  if (bound.plus === 0) return bound.attribute
  return `${bound.attribute}${bound.plus > 0 ? '+' : ''}${bound.plus}`
}
