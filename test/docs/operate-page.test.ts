/** What docs/operate.md names exists: metrics, settings, commands with their options, files. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settings } from '../../settings.ts'
import { sourceFiles, textOf } from '../structure/sources.ts'

const root = new URL('../..', import.meta.url).pathname
const page = readFileSync(join(root, 'docs/operate.md'), 'utf8')
const sources = sourceFiles().map(textOf).join('\n')

function named(pattern: RegExp): string[] {
  return [...new Set([...page.matchAll(pattern)].map((match) => match[1] ?? match[0]))]
}

test('metrics are told by the server', () => {
  const names = named(/\bbellwether_[a-z0-9_]+/g)
  expect(names.length).toBeGreaterThan(25)
  const balance = /^bellwether_readings_(received|stored|duplicate|quarantined)_total$/
  const unknown = names.filter((name) => !balance.test(name) && !sources.includes(name))
  expect(unknown).toEqual([])
})

test('settings are settings', () => {
  const names = named(/\bBELLWETHER_([A-Z0-9_]+)/g)
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !Object.hasOwn(settings, name))).toEqual([])
})

test('commands and their options are in the command line', () => {
  const commands = named(/`?bw ([a-z]+)/g)
  expect(commands.length).toBeGreaterThan(5)
  for (const command of commands) {
    expect(sources, `bw ${command}`).toMatch(new RegExp(`Usage: bellwether ${command}\\b`))
  }
  for (const [, command, option] of page.matchAll(/bw ([a-z]+)[^`\n|]*? --([a-z]+)/g)) {
    const help = sources.slice(sources.indexOf(`Usage: bellwether ${command}`))
    expect(help.slice(0, 2_000), `bw ${command} --${option}`).toContain(`--${option}`)
  }
})

test('log lines and reasons are said like that', () => {
  const said = [
    'The broker does not answer',
    'The journal cannot be written: ',
    'A store cannot be read',
    'A batch could not be stored',
    'Batches are stored again',
    'An administrator should run: ',
    'In step with the server. Stop the server now',
  ]
  for (const sentence of said) {
    expect(page).toContain(sentence)
    expect(sources).toContain(sentence)
  }
})

test('links lead to something', () => {
  const anchors = named(/^#+ (.+)$/gm).map((title) => title.toLowerCase().replaceAll(' ', '-'))
  for (const link of named(/\]\(([^)]+)\)/g)) {
    if (link.startsWith('#')) expect(anchors).toContain(link.slice(1))
    else expect(existsSync(join(root, 'docs', link)), link).toBe(true)
  }
})
