// Sign-in by OpenID Connect: with npm's oidc-provider as it should be, and with a provider that cheats.
import crypto from 'node:crypto'
import http from 'node:http'
import { Provider } from 'oidc-provider'
import { base, call, keyPair, ok, person, provider, seconds, sign, sql, status } from './world.mjs'

const PATH = '/api/v1/orgs/keep/identity-providers'
const CALLBACK = '/api/v1/auth/oidc/callback'

async function begin(id) {
  const r = await call('GET', `/api/v1/auth/oidc/${id}`)
  const to = r.status === 302 ? new URL(r.headers.get('location')) : null
  return { status: r.status, to, query: to?.searchParams, cookie: (r.headers.get('set-cookie') ?? '').split(';')[0], raw: r.headers.get('set-cookie') ?? '' }
}
const back = (s, more = {}, cookie = s.cookie) =>
  call('GET', `${CALLBACK}?${new URLSearchParams({ state: s.query.get('state'), code: 'code', ...more })}`, { headers: cookie ? { Cookie: cookie } : {} })

// fetch of Debian's Node gives several Set-Cookie as one text.
const visit = (url, method, headers, body) => new Promise((resolve, reject) => {
  const request = http.request(url, { method, headers }, (response) => {
    let page = ''
    response.setEncoding('utf8').on('data', (part) => { page += part }).on('error', reject)
      .on('end', () => resolve({ status: response.statusCode, location: response.headers.location, cookies: response.headers['set-cookie'] ?? [], page }))
  })
  request.on('error', reject).end(body)
})

// A person at the provider's pages: follows what it is told, keeps cookies, logs in and agrees.
async function browse(url, login) {
  const jar = new Map()
  let body
  for (let i = 0; i < 20; i++) {
    const r = await visit(url, body ? 'POST' : 'GET', {
      Cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; '),
      ...(body && { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) }),
    }, body)
    for (const line of r.cookies) jar.set(...line.split(';')[0].split(/=(.*)/s).slice(0, 2))
    body = undefined
    if (r.status >= 300 && r.status < 400) {
      url = new URL(r.location, url).href
      if (url.startsWith(base)) return url
    } else {
      const action = /action="([^"]+)"/.exec(r.page)?.[1]
      if (!action) throw new Error(`the provider says ${r.status} ${r.page.slice(0, 300)}`)
      url = new URL(action, url).href
      body = r.page.includes('name="login"') ? `prompt=login&login=${login}&password=x` : 'prompt=consent'
    }
  }
  throw new Error('the provider sends people round in circles')
}

async function realProvider() {
  const server = http.createServer((request, response) => handler(request, response))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${server.address().port}`
  const accounts = {}
  const self = new Provider(issuer, {
    clients: [{ client_id: 'ballium', client_secret: 'the secret: of a client', redirect_uris: [base + CALLBACK] }],
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
    jwks: { keys: [{ ...keyPair('RSA', 'real').privateKey.export({ format: 'jwk' }), kid: 'real', use: 'sig', alg: 'RS256' }] },
    claims: { openid: ['sub', 'email', 'email_verified'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    findAccount: (context, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts[sub] }) }),
  })
  const handler = self.callback()
  return { issuer, accounts, close: () => server.closeAllConnections() || server.close() }
}

export async function flow(owner) {
  const p = await realProvider()
  const member = person(['keep', 'reader'], ['moat', 'owner']), byEmail = person(['keep', 'reader'])
  p.accounts['by-email'] = { email: byEmail.email, email_verified: true }
  p.accounts['unverified'] = { email: byEmail.email, email_verified: false }
  const made = await call('POST', PATH, { token: owner, body: { name: 'Sign-in', issuer: p.issuer, audience: 'api', client_id: 'ballium', client_secret: 'the secret: of a client', trust_email: true } })
  status(made, 201, 'discovery of oidc-provider')
  ok(!made.text.includes('the secret'), 'the secret is not shown')
  const id = made.json.id
  await call('POST', `${PATH}/${id}/subjects`, { token: owner, body: { subject: 'ann', member_id: member.id } })

  const s = await begin(id)
  ok(s.status === 302 && s.query.get('code_challenge_method') === 'S256' && s.query.get('nonce') && s.query.get('state'), 'PKCE, state and nonce are sent')
  ok(/HttpOnly/.test(s.raw) && /SameSite=Lax/.test(s.raw), 'the cookie is out of reach of scripts', s.raw)
  const returned = (await browse(s.to.href, 'ann')).slice(base.length)
  const bare = await call('GET', returned)
  ok(bare.status === 401 && bare.json?.type?.endsWith(':sign_in_failed'), 'without the cookie of the browser that began it', bare.text)
  status(await call('GET', returned, { headers: { Cookie: 'ballium_sign_in=' + 'A'.repeat(43) } }), 401, 'with the cookie of another browser')
  const done = await call('GET', returned, { headers: { Cookie: 'a=b; ' + s.cookie } })
  status(done, 200, 'sign-in by oidc-provider')
  const token = done.json?.access_token
  status(await call('GET', returned, { headers: { Cookie: s.cookie } }), 401, 'the same address again')
  status(await call('GET', '/api/v1/orgs/keep/context/issues?limit=1', { token }), 200, 'the session opens the organisation')
  status(await call('GET', '/api/v1/orgs/moat/context/issues?limit=1', { token }), 404, 'and no other, though the person is its owner')
  status(await call('GET', '/api/v1/me', { token }), 403, 'nor what is about all of them')
  const again = await call('POST', '/api/v1/auth/refresh', { body: { refresh_token: done.json?.refresh_token } })
  status(again, 200, 'it is refreshed')
  status(await call('GET', '/api/v1/orgs/moat/context/issues?limit=1', { token: again.json?.access_token }), 404, 'and stays what it was')

  const trusted = await begin(id)
  status(await call('GET', (await browse(trusted.to.href, 'by-email')).slice(base.length), { headers: { Cookie: trusted.cookie } }), 200, 'a verified address of a trusted provider')
  const unverified = await begin(id)
  status(await call('GET', (await browse(unverified.to.href, 'unverified')).slice(base.length), { headers: { Cookie: unverified.cookie } }), 401, 'an address that is not verified')
  const nobody = await begin(id)
  status(await call('GET', (await browse(nobody.to.href, 'nobody')).slice(base.length), { headers: { Cookie: nobody.cookie } }), 401, 'somebody who is no member')
  const kept = sql(`SELECT p::text FROM core.identity_provider p WHERE id = '${id}'`)
  ok(kept.includes('v1.') && !kept.includes('of a client'), 'the secret is sealed in the database', kept)
  sql(`UPDATE core.identity_provider SET client_secret = regexp_replace(client_secret, '^v1[.][^.]*', 'v1.lost-key') WHERE id = '${id}'`)
  const sealed = await begin(id)
  const closed = await call('GET', (await browse(sealed.to.href, 'ann')).slice(base.length), { headers: { Cookie: sealed.cookie } })
  ok(closed.status === 503 && closed.text.includes('secret_key_missing') && !closed.text.includes('of a client'), 'a secret whose key is lost', closed.text)
  status(await call('DELETE', `${PATH}/${id}`, { token: owner }), 204, 'the provider is ended')
  status(await call('POST', '/api/v1/auth/refresh', { body: { refresh_token: again.json?.refresh_token } }), 401, 'and the session with it')
  p.close()
}

export async function cheats(owner) {
  const p = await provider(), key = keyPair('P-256', 'k'), other = keyPair('P-256', 'k')
  p.keys = [key.jwk]
  const member = person(['keep', 'reader'])
  p.claims_to_be = 'https://somebody-else.test'
  status(await call('POST', PATH, { token: owner, body: { name: 'x', issuer: p.issuer, audience: 'api', client_id: 'c' } }), 422, 'a document that speaks of another issuer')
  p.claims_to_be = undefined
  status(await call('POST', PATH, { token: owner, body: { name: 'x', issuer: p.issuer, audience: 'c', client_id: 'c' } }), 422, '3.12 one audience for ID tokens and access tokens')
  const made = await call('POST', PATH, { token: owner, body: { name: 'x', issuer: p.issuer, audience: 'api', client_id: 'c' } })
  status(made, 201, 'a public client')
  const id = made.json.id
  await call('POST', `${PATH}/${id}/subjects`, { token: owner, body: { subject: 'ann', member_id: member.id } })
  let s
  const claims = (more = {}) => ({ iss: p.issuer, aud: 'c', sub: 'ann', nonce: s.query.get('nonce'), iat: seconds(), exp: seconds() + 60, ...more })
  const attempt = async (token, wanted, what, more) => {
    s = await begin(id)
    p.idToken = token
    status(await back(s, more), wanted, what)
  }
  const jwt = { typ: 'JWT' }
  await attempt(() => sign(key, claims(), jwt), 200, 'a provider that does not cheat')
  const challenge = crypto.createHash('sha256').update(p.asked.form.get('code_verifier')).digest('base64url')
  ok(challenge === s.query.get('code_challenge'), 'the verifier is that of the challenge')
  ok(p.asked.form.get('redirect_uri') === base + CALLBACK && !p.asked.authorization, 'a public client sends no credentials')
  await attempt(() => sign(key, claims({ nonce: 'of another sign-in' }), jwt), 401, 'a nonce of another sign-in')
  await attempt(() => sign(key, claims({ nonce: undefined }), jwt), 401, 'no nonce')
  await attempt(() => sign(key, claims({ aud: 'somebody' }), jwt), 401, 'a token for another client')
  await attempt(() => sign(key, claims({ aud: ['c', 'somebody'] }), jwt), 401, 'several audiences and no azp')
  await attempt(() => sign(key, claims({ aud: ['c', 'somebody'], azp: 'somebody' }), jwt), 401, 'azp of another client')
  await attempt(() => sign(key, claims({ iss: 'https://somebody.test' }), jwt), 401, 'another issuer')
  await attempt(() => sign(key, claims({ exp: seconds() - 60 }), jwt), 401, 'an expired token')
  await attempt(() => sign(other, claims(), jwt), 401, 'signed by somebody else')
  await attempt(() => sign(key, claims(), { typ: 'at+jwt' }), 401, 'an access token instead of an ID token')
  await attempt(() => 'rubbish', 401, 'rubbish')
  await attempt(() => sign(key, claims(), jwt), 401, 'the answer of another provider (RFC 9207)', { iss: 'https://somebody.test' })
  p.idToken = () => sign(key, claims(), jwt)
  s = await begin(id)
  status(await back(s, { state: 'guessed' }), 401, 'a state that nobody was given')
  status(await back(s), 200, 'the one that was given')
  status(await back(s), 401, 'and once more')
  s = await begin(id)
  sql("UPDATE core.sign_in SET expires_at = now() WHERE nonce = '" + s.query.get('nonce') + "'")
  status(await back(s), 401, 'after ten minutes')
  const host = await call('GET', `/api/v1/auth/oidc/${id}`, { headers: { 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test' } })
  ok(new URL(host.headers.get('location')).searchParams.get('redirect_uri') === base + CALLBACK, 'no header moves the address that the code comes back to')
  s = await begin(id)
  status(await call('GET', `${CALLBACK}?state=${s.query.get('state')}&error=access_denied`, { headers: { Cookie: s.cookie } }), 401, 'the provider says no')
  status(await call('GET', '/api/v1/auth/oidc/01900000-0000-7000-8000-0000000000ff'), 404, 'a provider that does not exist')
  status(await call('DELETE', `${PATH}/${id}`, { token: owner }), 204, 'it is ended')
  p.close()
}
