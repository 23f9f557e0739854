// A verifier built on @openid4vc/openid4vp, dcql and @sd-jwt: one signed request, one encrypted answer.
import { createHash, X509Certificate } from 'node:crypto'
import { Openid4vpVerifier } from '@openid4vc/openid4vp'
import { DcqlPresentationResult, DcqlQuery } from 'dcql'
import { compactDecrypt, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { callbacks } from './callbacks.mjs'
import { holder } from './holder.mjs'
import { json, text } from './server.mjs'

// `access` is {key, x5c} of the verifier's access certificate; `anchors` (PEM) vouch for the issuers it believes.
export async function openVerifier({ origin, access, anchors, query }) {
  const encryption = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true })
  const encryptionJwk = { ...(await exportJWK(encryption.publicKey)), kid: 'answer-1', use: 'enc', alg: 'ECDH-ES' }
  const verifier = new Openid4vpVerifier({
    callbacks: {
      ...(await callbacks({ traffic: [] })),
      signJwt: async (signer, { header, payload }) => {
        const key = await importJWK(access.key, 'ES256')
        return { jwt: await new SignJWT(payload).setProtectedHeader(header).sign(key), signerJwk: access.key }
      },
    },
  })
  const leaf = Buffer.from(access.x5c[0], 'base64')
  const made = await verifier.createOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: {
      response_type: 'vp_token',
      response_mode: 'direct_post.jwt',
      response_uri: `${origin}/verifier/response`,
      client_id: `x509_hash:${createHash('sha256').update(leaf).digest('base64url')}`,
      nonce: 'bm9uY2Utb2YtdGhlLXRlc3Q',
      state: 'state-of-the-test',
      dcql_query: query,
      client_metadata: {
        jwks: { keys: [encryptionJwk] },
        encrypted_response_enc_values_supported: ['A128GCM'],
        vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
      },
    },
    jar: {
      requestUri: `${origin}/verifier/request`,
      jwtSigner: { method: 'x5c', x5c: access.x5c, alg: 'ES256' },
      expiresInSeconds: 300,
      additionalJwtPayload: { aud: 'https://self-issued.me/v2' },
    },
  })
  const { authorizationRequest, authorizationRequestPayload, jar } = made
  const seen = {}
  const decryptJwe = async (jwe, { jwk }) => {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, encryption.privateKey)
    seen.jweHeader = protectedHeader
    return { decrypted: true, decryptionJwk: jwk, payload: new TextDecoder().decode(plaintext) }
  }

  async function response({ form }) {
    const { dcql, expectedNonce } = await verifier.parseOpenid4vpAuthorizationResponse({
      authorizationResponse: form,
      authorizationRequestPayload,
      callbacks: { decryptJwe },
    })
    const judge = await holder({ anchors: anchors.map((pem) => new X509Certificate(pem)) })
    const presented = {}
    for (const [id, texts] of Object.entries(dcql.presentations)) {
      presented[id] = []
      for (const presentation of texts) {
        const { payload, kb } = await judge.verify(presentation, { keyBindingNonce: expectedNonce })
        if (kb.payload.aud !== authorizationRequestPayload.client_id) throw new Error('kb: audience')
        presented[id].push(payload)
      }
    }
    seen.claims = presented
    seen.satisfied = satisfied(query, presented)
    return json({})
  }

  const requestObject = () => text(jar.authorizationRequestJwt, 'application/oauth-authz-req+jwt')
  const routes = { 'GET /verifier/request': requestObject, 'POST /verifier/response': response }
  return { routes, seen, link: authorizationRequest }
}

function satisfied(query, presented) {
  const spelt = Object.entries(presented).map(([id, all]) => [
    id,
    all.map((claims) => ({
      credential_format: 'dc+sd-jwt',
      vct: claims.vct,
      claims,
      cryptographic_holder_binding: true,
    })),
  ])
  const dcqlQuery = DcqlQuery.parse(query)
  const result = DcqlPresentationResult.fromDcqlPresentation(Object.fromEntries(spelt), { dcqlQuery })
  return Boolean(result.can_be_satisfied)
}
