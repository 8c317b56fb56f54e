// What the tests of identity providers share: people, requests, keys, tokens, and a provider that does what it is told.
import { execFileSync, execSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'

export const base = process.env.BALLIUM_URL
let number = 0

export const sql = (statement) =>
  execFileSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', conninfo(), '-c', 'SET ROLE ballium_owner', '-c', statement], { encoding: 'utf8' }).trim()
const conninfo = () => /^migrator = (.*)$/m.exec(fs.readFileSync(process.env.BALLIUM_CONFIG, 'utf8'))[1]
const ballium = (args, input) => execFileSync(process.env.BALLIUM_BINARY, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'] })

export function person(...places) {
  const p = { email: `o${++number}-${Date.now()}-${process.pid}@example.org`, password: `correct horse ${number} staple` }
  p.id = ballium(['user', 'create', '--email', p.email, '--name', 'Outside Person', '--password-stdin'], p.password + '\n').split(' ')[0]
  for (const [org, roles] of places) ballium(['user', 'grant', '--email', p.email, '--org', org, '--roles', roles])
  return p
}

export async function call(method, path, { token, body, headers = {} } = {}) {
  const answer = await fetch(base + path, {
    method, redirect: 'manual',
    headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { 'Content-Type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  })
  const text = await answer.text()
  let json
  try { json = JSON.parse(text) } catch { /* not JSON: then there is none */ }
  return { status: answer.status, headers: answer.headers, text, json }
}

export const logIn = async (p) => (await call('POST', '/api/v1/auth/login', { body: { email: p.email, password: p.password } })).json.access_token

export function configure(lines) {
  const file = process.env.BALLIUM_CONFIG
  fs.appendFileSync(file, lines)
  execSync(`kill -HUP ${process.env.BALLIUM_MASTER_PID}`)
}

// ---- keys and tokens ----

export const keyPair = (kind, kid, bits = 2048) => {
  const pair = kind === 'RSA' ? crypto.generateKeyPairSync('rsa', { modulusLength: bits }) : crypto.generateKeyPairSync('ec', { namedCurve: kind })
  return { ...pair, kid, kind, alg: kind === 'RSA' ? 'RS256' : 'ES256', jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig' } }
}
const part = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url')
export function sign(key, claims, header = {}) {
  const text = part({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }) + '.' + part(claims)
  return text + '.' + crypto.sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}
export const hmac = (secret, claims, header) => {
  const text = part(header) + '.' + part(claims)
  return text + '.' + crypto.createHmac('sha256', secret).update(text).digest('base64url')
}
// PKCS #1 v1.5 of 2,048 bits, before anybody's key: what verifies it with an exponent of one.
export const signedByNobody = (kid, claims) => {
  const text = part({ alg: 'RS256', kid, typ: 'at+jwt' }) + '.' + part(claims)
  const end = Buffer.concat([Buffer.from('003031300d060960864801650304020105000420', 'hex'), crypto.createHash('sha256').update(text).digest()])
  return text + '.' + Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(256 - 2 - end.length, 255), end]).toString('base64url')
}
export const unsigned = (claims, header) => part(header) + '.' + part(claims) + '.'
export const seconds = () => Math.floor(Date.now() / 1000)

// ---- a provider that does what it is told ----

export async function provider() {
  const self = { keys: [], fetched: 0, idToken: () => 'none', asked: null, jwks: null, elsewhere: [] }
  const server = http.createServer((request, response) => {
    const answer = (value, status = 200, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
      response.end(typeof value === 'string' ? value : JSON.stringify(value))
    }
    let body = ''
    request.on('data', (bytes) => { body += bytes })
    request.on('end', () => {
      const path = new URL(request.url, self.issuer).pathname
      if (path === '/jwks') {
        self.fetched++
        return self.jwks ? self.jwks(answer) : answer({ keys: self.keys })
      }
      if (path === '/elsewhere') return answer({ keys: self.elsewhere })
      if (path === '/.well-known/openid-configuration')
        return answer({ issuer: self.claims_to_be ?? self.issuer, jwks_uri: self.issuer + '/jwks', authorization_endpoint: self.issuer + '/auth', token_endpoint: self.issuer + '/token' })
      if (path === '/token') {
        self.asked = { form: new URLSearchParams(body), authorization: request.headers.authorization }
        return answer({ access_token: 'x', token_type: 'Bearer', id_token: self.idToken() })
      }
      return answer({}, 404)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  self.issuer = `http://127.0.0.1:${server.address().port}`
  self.close = () => server.close()
  return self
}

// ---- what is counted ----

let failed = 0
export const ok = (good, what, seen) => {
  if (!good) failed++
  console.log(`${good ? 'ok' : 'not ok'} - ${what}${good || seen === undefined ? '' : `: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`}`)
}
export const status = (answer, wanted, what) => ok(answer.status === wanted, what, `${answer.status} ${answer.text}`)
export const failures = () => failed
