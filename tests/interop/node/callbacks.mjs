// The callbacks that the @openid4vc libraries leave to a wallet: hashes, randomness, keys, JWS and JWE through jose.
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { clientAuthenticationAnonymous } from '@openid4vc/oauth2'
import { setGlobalConfig } from '@openid4vc/utils'
import { CompactEncrypt, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { verifyWithChain } from './trust.mjs'

setGlobalConfig({ allowInsecureUrls: true }) // loopback HTTP

export async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) }
}

export const signerOf = (key) => ({ method: 'jwk', alg: 'ES256', publicJwk: key.publicJwk })

// `traffic` is an empty list that fills with what was sent; `ask` may change a request before it goes.
export async function callbacks({ keys = [], anchors, traffic, ask = (url, init) => init }) {
  const privateJwks = new Map()
  for (const key of keys) privateJwks.set(await calculateJwkThumbprint(key.publicJwk), key.privateJwk)
  return {
    fetch: recorded(traffic, ask),
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: (length) => randomBytes(length),
    clientAuthentication: clientAuthenticationAnonymous(),
    signJwt: async (signer, { header, payload }) => {
      const key = await importJWK(privateJwks.get(await calculateJwkThumbprint(signer.publicJwk)), signer.alg)
      return { jwt: await new SignJWT(payload).setProtectedHeader(header).sign(key), signerJwk: signer.publicJwk }
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
      const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName?.split(', ') ?? []
      const those = (kind) => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length))
      return { sanDnsNames: those('DNS:'), sanUriNames: those('URI:') }
    },
  }
}

const bytes = (text) => (text === undefined ? undefined : Buffer.from(text, 'base64url'))

// Notes names only: of headers, of form fields, of the authorization scheme.
function recorded(traffic, ask) {
  return async (url, init = {}) => {
    const headers = new Headers(init.headers)
    const form = headers.get('content-type') === 'application/x-www-form-urlencoded' && init.body !== undefined
    const response = await fetch(url, ask(String(url), init))
    traffic.push({
      method: (init.method ?? 'GET').toUpperCase(),
      path: new URL(url).pathname,
      headers: [...headers.keys()],
      scheme: headers.get('authorization')?.split(' ')[0] ?? null,
      fields: form ? [...new URLSearchParams(String(init.body)).keys()] : [],
      status: response.status,
    })
    return response
  }
}
