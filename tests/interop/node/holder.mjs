// Everything that @sd-jwt needs for a holder whose keys are known and whose issuers are judged by their chains.
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { CompactSign, compactVerify, importJWK } from 'jose'
import { verifyWithChain } from './trust.mjs'

// The signing input and signature that @sd-jwt hands over are joined again, so that jose judges the whole.
export function holder({ anchors, key, statusLists = [] }) {
  const trusted = async (data, signature) => Boolean(await verifyWithChain(`${data}.${signature}`, anchors))
  return new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    verifier: trusted,
    statusVerifier: trusted,
    statusListFetcher: (uri) => fetchStatusList(uri, statusLists),
    kbSigner: async (data) => signed(data, key),
    kbSignAlg: 'ES256',
    kbVerifier: async (data, signature, payload) => {
      const holderKey = await importJWK(payload.cnf.jwk, 'ES256')
      return Boolean(await compactVerify(`${data}.${signature}`, holderKey))
    },
  })
}

async function fetchStatusList(uri, seen) {
  const response = await fetch(uri, { headers: { Accept: 'application/statuslist+jwt' } })
  const type = response.headers.get('content-type')
  seen.push({ status: response.status, type })
  if (!response.ok || type !== 'application/statuslist+jwt') throw new Error(`status list: ${response.status} ${type}`)
  return response.text()
}

// @sd-jwt signs a text "header.payload"; jose signs header and payload, so the signature is made from its own parts.
async function signed(data, key) {
  const [header, payload] = data.split('.').map((part) => Buffer.from(part, 'base64url'))
  const compact = await new CompactSign(payload)
    .setProtectedHeader(JSON.parse(header))
    .sign(await importJWK(key, 'ES256'))
  if (!compact.startsWith(`${data}.`)) throw new Error('jose and @sd-jwt spell the header differently')
  return compact.slice(data.length + 1)
}
