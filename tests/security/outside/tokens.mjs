// Tokens that an organisation's identity provider signed.
import crypto from 'node:crypto'
import { call, hmac, keyPair, person, provider, seconds, sign, signedByNobody, sql, status, ok, unsigned, logIn } from './world.mjs'

const PATH = '/api/v1/orgs/keep/identity-providers'
const READ = '/api/v1/orgs/keep/context/issues?limit=1'

// While providers may not stand inside, nothing inside is asked.
export async function inside(owner) {
  const p = await provider()
  let r = await call('POST', PATH, { token: owner, body: { name: 'Inside', issuer: p.issuer, audience: 'a', client_id: 'c' } })
  ok(r.status === 422 && r.text.includes('discovery'), 'discovery at a private address is refused', r.text)
  r = await call('POST', PATH, { token: owner, body: { name: 'Inside', issuer: 'https://inside.test', audience: 'a', jwks_uri: p.issuer + '/jwks' } })
  status(r, 422, 'keys over http are refused')
  r = await call('POST', PATH, { token: owner, body: { name: 'Inside', issuer: 'https://inside.test', audience: 'a', jwks_uri: p.issuer.replace('http:', 'https:') + '/jwks' } })
  status(r, 201, 'a provider with an address is taken down')
  const key = keyPair('P-256', 'k')
  p.keys = [key.jwk]
  const token = sign(key, { iss: 'https://inside.test', aud: 'a', sub: 's', iat: seconds(), exp: seconds() + 60 })
  status(await call('GET', READ, { token }), 401, 'its keys are not fetched from a private address')
  ok(p.fetched === 0, 'and nobody came to ask for them', p.fetched)
  status(await call('DELETE', `${PATH}/${r.json.id}`, { token: owner }), 204, 'the provider is ended')
  p.close()
}

export async function tokens(owner, other) {
  const p = await provider()
  const good = keyPair('P-256', 'ec'), rsa = keyPair('RSA', 'rsa'), weak = keyPair('RSA', 'weak', 1024), curve = keyPair('P-384', 'p384')
  const off = keyPair('P-256', 'off'), twin = keyPair('P-256', 'twin'), twin2 = keyPair('P-256', 'twin'), encrypts = keyPair('RSA', 'enc'), later = keyPair('P-256', 'later')
  p.keys = [good.jwk, rsa.jwk, weak.jwk, curve.jwk, { ...off.jwk, y: good.jwk.y }, { ...rsa.jwk, kid: 'even', e: 'AgAA' }, { ...rsa.jwk, kid: 'one', e: 'AQ' }, twin.jwk, twin2.jwk, { ...encrypts.jwk, use: 'enc' }, { kty: 'oct', kid: 'oct', k: 'c2VjcmV0' }]
  const member = person(['keep', 'reader'], ['moat', 'owner']), stranger = person(['moat', 'owner'])
  const made = await call('POST', PATH, { token: owner, body: { name: 'Directory', issuer: p.issuer, audience: 'ballium-api', jwks_uri: p.issuer + '/jwks' } })
  status(made, 201, 'an owner names a provider')
  const id = made.json.id
  status(await call('POST', `${PATH}/${id}/subjects`, { token: owner, body: { subject: 'sub-1', member_id: member.id } }), 200, 'and says who a subject is')
  const refused = await call('POST', `${PATH}/${id}/subjects`, { token: owner, body: { subject: 'sub-2', member_id: stranger.id } })
  ok(refused.status === 422 && refused.json?.errors?.[0]?.code === 'not_a_member', 'who must be a member', refused.text)
  const claims = (more = {}) => ({ iss: p.issuer, aud: 'ballium-api', sub: 'sub-1', iat: seconds(), exp: seconds() + 300, ...more })
  const bad = async (token, what, path = READ) => status(await call('GET', path, { token }), 401, what)
  const fine = async (token, what) => status(await call('GET', READ, { token }), 200, what)

  await fine(sign(good, claims()), 'ES256, typ at+jwt')
  ok(p.fetched === 1, 'the keys were fetched once', p.fetched)
  await fine(sign(rsa, claims(), { typ: 'JWT' }), 'RS256 of 2,048 bits, typ JWT')
  await fine(sign(good, claims({ aud: ['other', 'ballium-api'] }), { typ: undefined }), 'no typ, one of several audiences')

  // an organisation's provider opens that organisation
  status(await call('GET', '/api/v1/orgs/moat/context/issues?limit=1', { token: sign(good, claims()) }), 401, 'another organisation, of which the person is a member too')
  status(await call('GET', '/api/v1/orgs/no-such-place/context/issues?limit=1', { token: sign(good, claims()) }), 401, 'an organisation that does not exist: the same')
  for (const path of ['/api/v1/me', '/api/v1/orgs', '/api/v1/me/sessions']) await bad(sign(good, claims()), `no organisation at all: ${path}`, path)
  const dangerous = await call('POST', '/api/v1/orgs/keep/clients', { token: sign(good, claims({ auth_time: seconds() })), body: { name: 'x', permissions: ['context.issue:read'] } })
  status(dangerous, 403, 'a dangerous act')

  // RFC 8725
  await bad(unsigned(claims(), { alg: 'none', kid: 'ec' }), '3.1 alg none')
  await bad(hmac(rsa.publicKey.export({ type: 'spki', format: 'pem' }), claims(), { alg: 'HS256', kid: 'rsa' }), '3.1 HS256 with the public key as secret')
  await bad(hmac('secret', claims(), { alg: 'HS256', kid: 'oct' }), '3.1 HS256 with a key of the set')
  await bad(sign(rsa, claims(), { alg: 'ES256' }), '3.1 an algorithm that is not that of the key')
  await bad(sign(good, claims(), { kid: 'rsa', alg: 'ES256' }), '3.1 the kid of a key of another type')
  await bad(sign(weak, claims()), '3.5 RSA of 1,024 bits')
  await bad(sign(curve, claims()), '3.2 a curve that is not P-256')
  await bad(sign(twin, claims()), 'two keys of one kid, signed by the first')
  await bad(sign(twin2, claims()), 'two keys of one kid, signed by the second')
  await bad(sign(off, claims()), '3.4 a point that is not on the curve')
  await bad(sign({ ...rsa, kid: 'even' }, claims()), '3.4 an RSA exponent that is even')
  await bad(signedByNobody('one', claims()), '3.4 an RSA exponent of one')
  await bad(sign(encrypts, claims()), 'a key that is for encryption')
  const text = sign(good, claims())
  await bad(text.slice(0, -4) + (text.endsWith('AAAA') ? 'BBBB' : 'AAAA'), '3.3 a changed signature')
  await bad(text.split('.')[0] + '.' + Buffer.from(JSON.stringify(claims({ sub: 'admin' }))).toString('base64url') + '.' + text.split('.')[2], '3.3 changed claims')
  await bad(sign(good, claims(), { crit: ['exp'] }), 'crit')
  await bad(sign(good, claims(), { jku: p.issuer + '/jwks' }), '3.10 jku')
  await bad(sign({ ...good, privateKey: later.privateKey }, claims(), { jwk: later.jwk }), '3.10 jwk')
  await bad(sign(good, claims(), { typ: 'logout+jwt' }), '3.11 another typ')
  await bad(sign(good, claims({ iss: p.issuer + '/' })), '3.8 another issuer')
  await bad(sign(good, claims({ sub: 'nobody' })), '3.8 a subject who is nobody here')
  await bad(sign(good, claims({ sub: undefined })), '3.8 no subject')
  await bad(sign(good, claims({ aud: 'other' })), '3.9 another audience')
  await bad(sign(good, claims({ aud: undefined })), '3.9 no audience')
  await bad(sign(good, claims({ aud: 'ballium-client', nonce: 'n' }), { typ: 'JWT' }), '3.12 an ID token instead of an access token')
  await bad(sign(good, claims()) + '.x.y', '3.6 five parts: an encrypted token')
  await bad(sign(good, Buffer.from('{"sub":"\xff"}', 'latin1')), '3.7 claims that are not UTF-8')
  await bad(sign(good, claims({ exp: seconds() - 60 })), 'expired')
  await bad(sign(good, claims({ exp: undefined })), 'no exp')
  await bad(sign(good, claims({ nbf: seconds() + 120 })), 'not valid yet')
  await bad(sign(good, claims({ email: member.email, email_verified: true, sub: 'x' })), 'an address, though the provider is not trusted with addresses')

  // keys: once a minute at most
  const before = p.fetched
  for (let i = 0; i < 8; i++) await bad(sign(later, claims()), 'a key that is not in the set')
  ok(p.fetched === before, 'within the minute nobody fetched again', p.fetched - before)
  p.keys = [good.jwk, later.jwk]
  const aged = () => sql(`UPDATE core.identity_provider SET tried_at = now() - interval '2 minutes' WHERE id = '${id}'`)
  aged()
  await fine(sign(later, claims()), 'a minute later the new key is found')
  await bad(sign(rsa, claims(), { typ: 'JWT' }), 'and the one that was taken back is gone')
  ok(p.fetched === before + 1, 'by one fetch', p.fetched - before)
  for (const [what, jwks] of [
    ['a redirect', (answer) => answer('', 302, { Location: p.issuer + '/elsewhere' })],
    ['an endless document', (answer) => answer(' '.repeat(300000) + JSON.stringify({ keys: [good.jwk, later.jwk, rsa.jwk] }))],
    ['no JSON', (answer) => answer('<html>')], ['a failure', (answer) => answer({}, 500)]]) {
    aged()
    p.jwks = jwks
    p.elsewhere = [good.jwk, later.jwk, rsa.jwk]
    const at = p.fetched
    await bad(sign(rsa, claims(), { typ: 'JWT' }), `${what} instead of keys`)
    ok(p.fetched === at + 1, `${what}: asked once`, p.fetched - at)
    await fine(sign(good, claims()), 'the keys that are known stay')
  }
  p.jwks = null

  status(await call('POST', PATH, { token: other.manager, body: { name: 'x', issuer: 'https://x.test', audience: 'a', jwks_uri: 'https://x.test/jwks' } }), 403, 'a manager names no provider: it could speak for the owner')
  status(await call('GET', `/api/v1/orgs/moat/identity-providers/${id}`, { token: await logIn(stranger) }), 404, 'another organisation does not see it')
  status(await call('DELETE', `/api/v1/orgs/moat/identity-providers/${id}`, { token: await logIn(stranger) }), 404, 'nor ends it')
  sql(`UPDATE core.membership SET status = 'ended' WHERE user_id = '${member.id}' AND tenant_id = (SELECT id FROM core.organisation WHERE slug = 'keep')`)
  await bad(sign(good, claims()), 'a member who has left')
  sql(`UPDATE core.membership SET status = 'active' WHERE user_id = '${member.id}'`)
  await fine(sign(good, claims()), 'and is back')
  status(await call('DELETE', `${PATH}/${id}/subjects/sub-1`, { token: owner }), 204, 'a subject is nobody any more')
  await bad(sign(good, claims()), 'its tokens are refused at once')
  status(await call('DELETE', `${PATH}/${id}`, { token: owner }), 204, 'the provider is ended')
  await bad(sign(good, claims()), 'so are those of an ended provider')
  p.close()
}
