/** `bellwether token`: API tokens, directly in the registry of the data folder. */

import { parseArgs } from 'node:util'
import { roles, tokenSchema } from '../../domain/token.ts'
import { hashSecret, newSecret } from '../../runtime/secret.ts'
import { systemRandom } from '../../runtime/system.ts'
import { type Command, UsageError } from '../command.ts'
import { audited, checked, withRegistry } from '../registry-access.ts'

export const tokenCommand: Command = {
  name: 'token',
  help: `Usage: bellwether token add ID --role ${roles.join('|')} [--description TEXT]
       bellwether token list
       bellwether token remove ID

Works on the registry of BELLWETHER_DATA_DIR, whether the server runs or not. The secret is printed once.
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { role: { type: 'string' }, description: { type: 'string' } },
    })
    const [action, id] = positionals
    return withRegistry(async ({ registry, view }) => {
      if (action === 'list') {
        for (const token of view.all('token')) {
          process.stdout.write(`${token.id}\t${token.role}\t${token.description}\n`)
        }
        return 0
      }
      if (id === undefined) throw new UsageError('say "add ID", "list" or "remove ID"')
      if (action === 'add') {
        if (values.role === undefined) {
          throw new UsageError(`say what the token may do: --role ${roles.join('|')}`)
        }
        const secret = newSecret(systemRandom, 'bwt_')
        const token = checked(tokenSchema, {
          id,
          role: values.role,
          description: values.description,
        })
        await audited(registry, 'token.create', `token/${id}`, () =>
          registry.insert('token', { ...token, hash: hashSecret(secret) }),
        )
        process.stdout.write(`${secret}\n`)
        return 0
      }
      if (action === 'remove') {
        const remove = () => registry.remove('token', id)
        if (await audited(registry, 'token.remove', `token/${id}`, remove)) return 0
        process.stderr.write(`There is no token "${id}".\n`)
        return 1
      }
      throw new UsageError(`"${action}" is not one of add, list, remove`)
    })
  },
}
