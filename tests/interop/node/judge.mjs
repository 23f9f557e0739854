// @sd-jwt/sd-jwt-vc as a verifier of many presentations, at a time that the question names.
// In: {now, presentations: {issuer, audience, nonce, texts}, statusKey, statusLists: {uri: token}}, keys as public JWKs.
// Out: {name: {ok, value: claims} or {ok, error}}.
import { digest, ES256 } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { answer, tried } from './job.mjs'

function stopClockAt(seconds) {
  const Ticking = Date
  globalThis.Date = class extends Ticking {
    constructor(...given) {
      super(...(given.length ? given : [seconds * 1000]))
    }
    static now() {
      return seconds * 1000
    }
  }
}

await answer(async ({ now, presentations: { issuer, nonce, texts }, statusKey, statusLists }) => {
  stopClockAt(now)
  const verifier = new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    verifier: await ES256.getVerifier(issuer),
    statusVerifier: statusKey && (await ES256.getVerifier(statusKey)),
    statusListFetcher: async (uri) => {
      if (!(uri in statusLists)) throw new Error(`no list at ${uri}`)
      return statusLists[uri]
    },
    kbVerifier: async (data, signature, payload) => (await ES256.getVerifier(payload.cnf.jwk))(data, signature),
  })
  const options = nonce === null ? {} : { keyBindingNonce: nonce }
  const found = {}
  for (const [name, text] of Object.entries(texts)) {
    found[name] = await tried(async () => (await verifier.verify(text, options)).payload)
  }
  return found
})
