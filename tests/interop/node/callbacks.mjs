// The callbacks that the @openid4vc libraries leave to a wallet: hashes, randomness, keys, JWS and JWE through jose.
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { clientAuthenticationAnonymous } from '@openid4vc/oauth2'
import { setGlobalConfig } from '@openid4vc/utils'
import { CompactEncrypt, calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { verifyWithChain } from './trust.mjs'

setGlobalConfig({ allowInsecureUrls: true }) // loopback HTTP

export async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) }
}

export const signerOf = (key) => ({ method: 'jwk', alg: 'ES256', publicJwk: key.publicJwk })

// `traffic` is an empty list that fills with what was sent; `mend` may change what is sent and what comes back.
export async function callbacks({ keys = [], anchors, traffic, mend = (send) => send, clientAuthentication }) {
  const privateJwks = new Map()
  for (const key of keys) privateJwks.set(await calculateJwkThumbprint(key.publicJwk), key.privateJwk)
  return {
    fetch: mend(recorded(traffic)),
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: (length) => randomBytes(length),
    clientAuthentication: clientAuthentication ?? clientAuthenticationAnonymous(),
    signJwt: async (signer, { header, payload }) => {
      const publicJwk = signer.publicJwk ?? certificateOf(signer.x5c[0]).publicKey.export({ format: 'jwk' })
      const key = await importJWK(privateJwks.get(await calculateJwkThumbprint(publicJwk)), signer.alg)
      return { jwt: await new SignJWT(payload).setProtectedHeader(header).sign(key), signerJwk: publicJwk }
    },
    verifyJwt: async (signer, { compact }) => {
      if (signer.method !== 'x5c') return { verified: false }
      const leaf = await verifyWithChain(compact, anchors)
      return { verified: true, signerJwk: await exportJWK(leaf.publicKey) }
    },
    encryptJwe: async ({ publicJwk, alg, enc, apu, apv }, text) => {
      const jwe = await new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ alg, enc, kid: publicJwk.kid })
        .setKeyManagementParameters({ apu: bytes(apu), apv: bytes(apv) })
        .encrypt(await importJWK(publicJwk, alg))
      return { jwe, encryptionJwk: publicJwk }
    },
    decryptJwe: async () => ({ decrypted: false }),
    getX509CertificateMetadata: (certificate) => {
      const names = certificateOf(certificate).subjectAltName?.split(', ') ?? []
      const those = (kind) => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length))
      return { sanDnsNames: those('DNS:'), sanUriNames: those('URI:') }
    },
  }
}

const bytes = (text) => (text === undefined ? undefined : Buffer.from(text, 'base64url'))
const certificateOf = (base64) => new X509Certificate(Buffer.from(base64, 'base64'))

// Notes names only: of headers, of form fields, of the authorization scheme, of what is proven; and media types.
function recorded(traffic) {
  return async (url, init = {}) => {
    const headers = new Headers(init.headers)
    const form = headers.get('content-type') === 'application/x-www-form-urlencoded' && init.body !== undefined
    const response = await fetch(url, init)
    traffic.push({
      method: (init.method ?? 'GET').toUpperCase(),
      path: new URL(url).pathname,
      headers: [...headers.keys()],
      scheme: headers.get('authorization')?.split(' ')[0] ?? null,
      fields: form ? [...new URLSearchParams(String(init.body)).keys()] : [],
      dpop: claimNames(headers.get('dpop')),
      possession: claimNames(headers.get('oauth-client-attestation-pop')),
      type: headers.get('content-type'),
      status: response.status,
      answered: response.headers.get('content-type'),
    })
    return response
  }
}

const claimNames = (jwt) => (jwt === null ? [] : Object.keys(decodeJwt(jwt)))
