// An issuer built on @openid4vc/openid4vci and @sd-jwt: one offer with a transaction code, copies for every key proven.
import { Oauth2AuthorizationServer } from '@openid4vc/oauth2'
import { Openid4vciIssuer } from '@openid4vc/openid4vci'
import { Jwt } from '@sd-jwt/core'
import { digest, ES256, generateSalt } from '@sd-jwt/crypto-nodejs'
import { createHeaderAndPayload, StatusList } from '@sd-jwt/jwt-status-list'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { compactVerify, importJWK } from 'jose'
import { callbacks, newKey, signerOf } from './callbacks.mjs'
import { json, text } from './server.mjs'

const ID = 'attestation'
const PRE_AUTHORIZED = 'urn:ietf:params:oauth:grant-type:pre-authorized_code'
const HOUR_S = 3600

// `credential` and `status` are {key, x5c}; `claims` go into every copy, those in `frame` hidden.
export async function openIssuer({ origin, credential, status, vct, claims, frame, txCode }) {
  const url = `${origin}/issuer`
  const tokenKey = await newKey()
  const means = await callbacks({ keys: [tokenKey], traffic: [] })
  const issuer = new Openid4vciIssuer({ callbacks: { ...means, verifyJwt } })
  const server = new Oauth2AuthorizationServer({ callbacks: { ...means, verifyJwt } })
  const metadata = metadataOf(url, vct)
  const issuerMetadata = {
    originalDraftVersion: 'V1',
    credentialIssuer: issuer.createCredentialIssuerMetadata(metadata.credentialIssuer),
    authorizationServers: [server.createAuthorizationServerMetadata(metadata.authorizationServer)],
    knownCredentialConfigurations: issuer.getKnownCredentialConfigurationsSupported(metadata.credentialIssuer),
  }
  const { credentialOffer, credentialOfferObject } = await issuer.createCredentialOffer({
    issuerMetadata,
    credentialConfigurationIds: [ID],
    credentialOfferUri: `${url}/offer`,
    grants: { [PRE_AUTHORIZED]: { tx_code: { input_mode: 'numeric', length: txCode.length } } },
  })
  const grant = credentialOfferObject.grants[PRE_AUTHORIZED]
  const seen = { proofs: 0, notifications: [] }
  let accessToken
  const nonce = Buffer.from(await means.generateRandom(16)).toString('base64url')

  async function token({ form, request }) {
    const parsed = server.parseAccessTokenRequest({ request, accessTokenRequest: form })
    await server.verifyPreAuthorizedCodeAccessTokenRequest({
      authorizationServerMetadata: issuerMetadata.authorizationServers[0],
      ...parsed,
      request,
      expectedPreAuthorizedCode: grant['pre-authorized_code'],
      expectedTxCode: txCode,
    })
    const response = await server.createAccessTokenResponse({
      audience: url,
      authorizationServer: url,
      expiresInSeconds: 300,
      signer: signerOf(tokenKey),
      subject: 'holder',
    })
    accessToken = response.access_token
    return json(response)
  }

  async function credentials({ body, request }) {
    requireToken(request)
    const parsed = issuer.parseCredentialRequest({ issuerMetadata, credentialRequest: body })
    const copies = []
    for (const jwt of parsed.proofs.jwt) {
      const proof = await issuer.verifyCredentialRequestJwtProof({ issuerMetadata, jwt, expectedNonce: nonce })
      copies.push({ credential: await signed(proof.header.jwk, copies.length) })
    }
    seen.proofs += copies.length
    return json(
      issuer.createCredentialResponse({ credentialRequest: parsed, credentials: copies, notificationId: 'n-1' })
    )
  }

  function requireToken(request) {
    if (request.headers.get('authorization') !== `Bearer ${accessToken}`) throw new Error('access token')
  }

  async function signed(jwk, idx) {
    const instance = new SDJwtVcInstance({
      hasher: digest,
      saltGenerator: generateSalt,
      signAlg: 'ES256',
      signer: await ES256.getSigner(credential.key),
    })
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + HOUR_S }
    const reference = { status_list: { idx, uri: `${origin}/status/1` } }
    const payload = { iss: url, vct, ...times, cnf: { jwk }, status: reference, ...claims }
    return instance.issue(payload, frame, { header: { x5c: credential.x5c } })
  }

  async function statusList() {
    const iat = Math.floor(Date.now() / 1000)
    const times = { sub: `${origin}/status/1`, iat, exp: iat + HOUR_S, ttl: 300 }
    const list = new StatusList(new Array(64).fill(0), 1)
    const made = createHeaderAndPayload(list, times, { alg: 'ES256', x5c: status.x5c })
    return text(await new Jwt(made).sign(await ES256.getSigner(status.key)), 'application/statuslist+jwt')
  }

  const routes = {
    'GET /.well-known/openid-credential-issuer/issuer': () => json(issuerMetadata.credentialIssuer),
    'GET /.well-known/oauth-authorization-server/issuer': () => json(issuerMetadata.authorizationServers[0]),
    'GET /issuer/offer': () => json(credentialOfferObject),
    'POST /issuer/token': token,
    'POST /issuer/nonce': () => json(issuer.createNonceResponse({ cNonce: nonce })),
    'POST /issuer/credential': credentials,
    'POST /issuer/notification': ({ body, request }) => {
      requireToken(request)
      seen.notifications.push(body)
      return { status: 204 }
    },
    'GET /status/1': statusList,
  }
  return { routes, seen, offer: credentialOffer }
}

// Key proofs are the only JWTs that this issuer has to verify.
async function verifyJwt(signer, { compact }) {
  if (signer.method !== 'jwk') return { verified: false }
  await compactVerify(compact, await importJWK(signer.publicJwk, signer.alg))
  return { verified: true, signerJwk: signer.publicJwk }
}

function metadataOf(url, vct) {
  const configuration = {
    format: 'dc+sd-jwt',
    vct,
    scope: ID,
    cryptographic_binding_methods_supported: ['jwk'],
    credential_signing_alg_values_supported: ['ES256'],
    proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256'] } },
  }
  return {
    credentialIssuer: {
      credential_issuer: url,
      credential_endpoint: `${url}/credential`,
      nonce_endpoint: `${url}/nonce`,
      notification_endpoint: `${url}/notification`,
      batch_credential_issuance: { batch_size: 4 },
      credential_configurations_supported: { [ID]: configuration },
    },
    authorizationServer: {
      issuer: url,
      token_endpoint: `${url}/token`,
      'pre-authorized_grant_anonymous_access_supported': true,
    },
  }
}
