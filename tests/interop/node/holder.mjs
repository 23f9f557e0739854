// What @sd-jwt needs for a holder whose keys are known and whose issuers are judged by their certificate chains.
import { createHash } from 'node:crypto'
import { KBJwt } from '@sd-jwt/core'
import { digest, ES256, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { verifyWithChain } from './trust.mjs'

export async function holder({ anchors, key, statusLists = [] }) {
  const trusted = async (data, signature) => Boolean(await verifyWithChain(`${data}.${signature}`, anchors))
  return new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    verifier: trusted,
    statusVerifier: trusted,
    statusListFetcher: (uri) => fetchStatusList(uri, statusLists),
    kbSigner: key && (await ES256.getSigner(key)),
    kbSignAlg: 'ES256',
    kbVerifier: async (data, signature, payload) => (await ES256.getVerifier(payload.cnf.jwk))(data, signature),
  })
}

async function fetchStatusList(uri, seen) {
  const response = await fetch(uri, { headers: { Accept: 'application/statuslist+jwt' } })
  const type = response.headers.get('content-type')
  seen.push({ status: response.status, type })
  if (!response.ok || type !== 'application/statuslist+jwt') throw new Error(`status list: ${response.status} ${type}`)
  return response.text()
}

// present() of @sd-jwt/core 0.19.0 with a key binding selects twice, and the first time changes what it holds: what
// is hidden deeper than the first level of a disclosed value is lost the second time, and sd_hash no longer fits.
// Here it selects once, and the key binding is added to what came of that.
export async function presentOnce(instance, credential, frame, binding, key) {
  const shown = await instance.present(credential, frame)
  const sd_hash = createHash('sha256').update(shown).digest('base64url')
  const bound = new KBJwt({ header: { typ: 'kb+jwt', alg: 'ES256' }, payload: { ...binding, sd_hash } })
  await bound.sign(await ES256.getSigner(key))
  return shown + bound.encodeJwt()
}
