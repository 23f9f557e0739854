// @sd-jwt/core and @sd-jwt/sd-jwt-vc as issuer, holder and verifier of many SD-JWTs at once.
// In: {issuerKey, holderKey, jobs: {name: job}}, keys as private JWKs. Out: {name: {ok, value} or {ok, error}}.
import { SDJwtInstance } from '@sd-jwt/core'
import { digest, ES256, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { answer, tried } from './job.mjs'

const publicPart = ({ kty, crv, x, y }) => ({ kty, crv, x, y })

await answer(async ({ issuerKey, holderKey, jobs }) => {
  const config = {
    hasher: digest,
    saltGenerator: generateSalt,
    signAlg: 'ES256',
    signer: await ES256.getSigner(issuerKey),
    verifier: await ES256.getVerifier(publicPart(issuerKey)),
    kbSignAlg: 'ES256',
    kbSigner: await ES256.getSigner(holderKey),
    kbVerifier: async (data, signature, payload) => (await ES256.getVerifier(payload.cnf.jwk))(data, signature),
  }
  const work = {
    issue: ({ claims, frame, hashAlg }) => new SDJwtVcInstance({ ...config, hashAlg }).issue(claims, frame),
    present: ({ text, frame, binding }) =>
      new SDJwtInstance(config).present(text, frame, binding && { kb: { payload: binding } }),
    verify: async ({ text, nonce }) => {
      const { payload, kb } = await new SDJwtInstance(config).verify(text, { keyBindingNonce: nonce })
      return { claims: payload, binding: kb?.payload ?? null }
    },
  }
  const results = {}
  for (const [name, job] of Object.entries(jobs)) results[name] = await tried(() => work[job.do](job))
  return results
})
