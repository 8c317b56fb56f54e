import { call, configure, failures, logIn, ok, person } from './world.mjs'
import { inside, tokens } from './tokens.mjs'
import { cheats, flow } from './sign_in.mjs'

const PATH = '/api/v1/orgs/keep/identity-providers'
const owner = await logIn(person(['keep', 'owner'])), manager = await logIn(person(['keep', 'manager']))

// Every worker has read the configuration when twenty answers in a row say so: an http address is then one of a provider.
async function allowed() {
  for (let i = 0, same = 0; i < 500; i++) {
    const r = await call('POST', PATH, { token: owner, body: { name: 'Probe', issuer: 'http://127.0.0.1:1', audience: 'a', jwks_uri: 'http://127.0.0.1:1/' } })
    if (r.status === 201) await call('DELETE', `${PATH}/${r.json.id}`, { token: owner })
    same = r.status === 201 ? same + 1 : 0
    if (same === 20) return true
  }
  return false
}

await inside(owner)
configure('private_addresses = on\n')
ok(await allowed(), 'the service lets providers stand on this machine')
await tokens(owner, { manager })
await flow(owner)
await cheats(owner)
process.exit(failures() ? 1 : 0)
