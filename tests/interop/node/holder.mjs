// What @sd-jwt needs for a holder: whose keys are known, whose issuers are judged by their certificate chains.
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
