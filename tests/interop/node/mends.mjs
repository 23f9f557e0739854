// What @openid4vc/openid4vci 0.4.6 leaves out of OpenID4VCI 1.0, done between the library and the network. A mend
// wraps the function that sends; which of them are needed is for the tests to say.
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose'

const JSON_TYPE = 'application/json'
const JWT_TYPE = 'application/jwt'

// It reads signed metadata but sends no Accept header that would ask for it.
export const askingForSignedMetadata = (send) => (url, init = {}) =>
  String(url).includes('/.well-known/openid-credential-issuer/')
    ? send(url, { ...init, headers: { ...init.headers, Accept: JWT_TYPE } })
    : send(url, init)

// It asks by configuration only, also where the token response has named identifiers (§8.2).
export const askingByIdentifier = (identifier) => (send) =>
  rewriting(send, '/credential', ({ credential_configuration_id, ...asked }) => ({
    ...asked,
    credential_identifier: identifier,
  }))

// It sends every request in clear; a response key may come in an encrypted one only (§8.2, §10).
export const encryptingTo = (publicJwk, enc) => (send) => async (url, init) => {
  if (!takesCredentials(url)) return send(url, init)
  const jwe = await new CompactEncrypt(new TextEncoder().encode(init.body))
    .setProtectedHeader({ alg: publicJwk.alg, enc, kid: publicJwk.kid })
    .encrypt(await importJWK(publicJwk))
  return send(url, { ...init, headers: { ...init.headers, 'Content-Type': JWT_TYPE }, body: jwe })
}

// It can ask for an encrypted response, and then does not read it. `note` is given the header of the response.
export const decryptingWith = (privateJwk, note) => (send) => async (url, init) => {
  const response = await send(url, init)
  if (!takesCredentials(url) || response.headers.get('content-type') !== JWT_TYPE) return response
  const key = await importJWK(privateJwk, 'ECDH-ES')
  const { plaintext, protectedHeader } = await compactDecrypt(await response.text(), key)
  note(protectedHeader)
  return answered(response, new TextDecoder().decode(plaintext))
}

// It refuses a notification_id beside the credentials of a deferred response, where it belongs (§9.2): its check is
// the wrong way round. `note` is given the identifier that is taken away.
export const takingNotificationId = (note) => (send) => async (url, init) => {
  const response = await send(url, init)
  if (!new URL(url).pathname.endsWith('/deferred') || !response.ok) return response
  const { notification_id, ...rest } = await response.json()
  note(notification_id)
  return answered(response, JSON.stringify(rest))
}

// The outermost comes first: it sees what the library wrote, and what the others have made of the answer.
export const together = (mends) => (send) => mends.reduceRight((inner, mend) => mend(inner), send)

const takesCredentials = (url) => /\/(credential|deferred)$/.test(new URL(url).pathname)

function rewriting(send, path, change) {
  return (url, init) =>
    new URL(url).pathname.endsWith(path)
      ? send(url, { ...init, body: JSON.stringify(change(JSON.parse(init.body))) })
      : send(url, init)
}

function answered(response, body) {
  const headers = new Headers(response.headers)
  headers.set('content-type', JSON_TYPE)
  headers.delete('content-length')
  return new Response(body, { status: response.status, headers })
}
