/** What our sources may not hold, each with the reason and what to use instead. */

import { describe, expect, test } from 'vitest'
import { sourceFiles, textOf } from './sources.ts'

/** Comments and strings say a lot that is not code. */
function codeOf(path: string): string {
  return textOf(path)
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

const sources = sourceFiles().map((path) => ({ path, code: codeOf(path), text: textOf(path) }))

interface Ban {
  what: string
  pattern: RegExp
  instead: string
  except: readonly string[]
}

const bans: readonly Ban[] = [
  {
    what: 'process.env',
    pattern: /\bprocess\.env\b/,
    instead: 'a setting in config.ts',
    except: ['config.ts'],
  },
  {
    what: 'the wall clock',
    pattern: /\bDate\.now\(|\bnew Date\(\s*\)|\bperformance\.now\(|\bprocess\.hrtime/,
    instead: 'ports.clock',
    except: ['runtime/system.ts'],
  },
  {
    what: 'timers',
    pattern: /\b(setTimeout|setInterval|setImmediate)\(/,
    instead: 'ports.timers',
    except: ['runtime/system.ts'],
  },
  {
    what: 'chance',
    pattern: /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(/,
    instead: 'ports.random',
    except: ['runtime/system.ts'],
  },
  {
    what: 'default exports',
    pattern: /^export default\b/m,
    instead: 'a named export',
    except: [],
  },
  {
    what: 'process.exit',
    pattern: /\bprocess\.exit\(/,
    instead: 'a returned exit code',
    except: ['cli/bellwether.ts', 'cli/stop-signal.ts', 'cli/commands/serve.ts'],
  },
]

describe('bans', () => {
  test.each(bans)('$what: use $instead', ({ pattern, except }) => {
    const broken = sources.filter(({ path, code }) => !except.includes(path) && pattern.test(code))
    expect(broken.map(({ path }) => path)).toEqual([])
  })

  test('no unfinished work is left behind', () => {
    const broken = sources.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))
    expect(broken.map(({ path }) => path)).toEqual([])
  })
})

describe('shape', () => {
  test('no file is longer than 300 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 301)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  test('files are named in kebab-case after a noun of the field', () => {
    const bad = sources.filter(({ path }) => {
      const name = path.split('/').at(-1) ?? ''
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name) ||
        /(^|-)(utils?|helpers?|common|managers?|types|misc|index)\.ts$/.test(name)
      )
    })
    expect(bad.map(({ path }) => path)).toEqual([])
  })

  test('each file says at its top what it is', () => {
    const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text))
    expect(bare.map(({ path }) => path)).toEqual([])
  })
})
