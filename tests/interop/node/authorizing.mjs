// An issuer on @openid4vc with the authorization code flow of HAIP: pushed request, client attestation, PKCE, DPoP,
// key attestation, and credentials that come later. Browsers are told by JSON where to go.
import { X509Certificate } from 'node:crypto'
import { Oauth2AuthorizationServer, Oauth2ResourceServer } from '@openid4vc/oauth2'
import { Openid4vciIssuer } from '@openid4vc/openid4vci'
import { digest, ES256, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { compactVerify, decodeJwt, exportJWK, importJWK, jwtVerify } from 'jose'
import { callbacks, newKey, signerOf } from './callbacks.mjs'
import { json, serve } from './server.mjs'
import { verifyWithChain } from './trust.mjs'

const ID = 'attestation'
const REQUEST_URI = 'urn:ietf:params:oauth:request_uri:one'

// `walletAnchors` (PEM) vouch for wallet providers; the rest is as for the other issuer.
export async function openAuthorizingIssuer({ origin, credential, vct, claims, frame, walletAnchors }) {
  const url = `${origin}/issuer`
  const roots = walletAnchors.map((pem) => new X509Certificate(pem))
  const tokenKey = await newKey()
  const own = { ...(await callbacks({ keys: [tokenKey], traffic: [] })), verifyJwt: verifier(roots) }
  const issuer = new Openid4vciIssuer({ callbacks: own })
  const server = new Oauth2AuthorizationServer({ callbacks: own })
  const resources = new Oauth2ResourceServer({ callbacks: own })
  const metadata = metadataOf(url, vct)
  const serverMetadata = server.createAuthorizationServerMetadata(metadata.authorizationServer)
  const credentialIssuer = issuer.createCredentialIssuerMetadata(metadata.credentialIssuer)
  const issuerMetadata = {
    originalDraftVersion: 'V1',
    credentialIssuer,
    authorizationServers: [serverMetadata],
    knownCredentialConfigurations: issuer.getKnownCredentialConfigurationsSupported(credentialIssuer),
  }
  const { credentialOffer } = await issuer.createCredentialOffer({
    issuerMetadata,
    credentialConfigurationIds: [ID],
    grants: { authorization_code: { issuer_state: 'state-of-the-issuer' } },
  })
  const nonce = Buffer.from(await own.generateRandom(16)).toString('base64url')
  const seen = { issuerState: null, clients: [], attestedKeys: 0, grants: [], notifications: [], deferred: 0 }
  const full = (request) => ({ ...request, url: `${origin}${request.url}` })
  let pushed
  let ready

  async function par({ form, request }) {
    const parsed = await server.parsePushedAuthorizationRequest({
      request: full(request),
      authorizationRequest: form,
    })
    await server.verifyPushedAuthorizationRequest({
      authorizationRequest: parsed.authorizationRequest,
      authorizationServerMetadata: serverMetadata,
      request: full(request),
    })
    pushed = parsed.authorizationRequest
    seen.issuerState = pushed.issuer_state
    seen.clients.push(await clientOf(request, pushed.client_id))
    const { pushedAuthorizationResponse } = server.createPushedAuthorizationResponse({
      requestUri: REQUEST_URI,
      expiresInSeconds: 60,
    })
    return { ...json(pushedAuthorizationResponse), status: 201 }
  }

  // The library reads proofs of possession of a draft before -07, which had to have an end; so jose reads these.
  async function clientOf({ headers }, expected) {
    const attestation = headers.get('oauth-client-attestation')
    await verifyWithChain(attestation, roots)
    const { sub, cnf } = decodeJwt(attestation)
    const key = await importJWK(cnf.jwk, 'ES256')
    const typ = 'oauth-client-attestation-pop+jwt'
    const { payload } = await jwtVerify(headers.get('oauth-client-attestation-pop'), key, { audience: url, typ })
    if (sub !== expected || payload.iss !== sub || !payload.jti) throw new Error('client')
    return sub
  }

  function authorize({ request }) {
    const asked = new URL(request.url, origin).searchParams
    if (asked.get('request_uri') !== REQUEST_URI || asked.get('client_id') !== pushed.client_id) throw new Error('ui')
    const back = new URL(pushed.redirect_uri)
    for (const [name, value] of Object.entries({ code: 'code-1', state: pushed.state, iss: url }))
      back.searchParams.set(name, value)
    return json({ location: String(back) })
  }

  async function token({ form, request }) {
    const parsed = server.parseAccessTokenRequest({ request: full(request), accessTokenRequest: form })
    await clientOf(request, pushed.client_id)
    const shared = {
      grant: parsed.grant,
      accessTokenRequest: parsed.accessTokenRequest,
      authorizationServerMetadata: serverMetadata,
      request: full(request),
      dpop: { required: true, ...parsed.dpop, expectedJwkThumbprint: pushed.dpop_jkt },
    }
    const verified =
      parsed.grant.grantType === 'refresh_token'
        ? await server.verifyRefreshTokenAccessTokenRequest({ ...shared, expectedRefreshToken: 'refresh-1' })
        : await server.verifyAuthorizationCodeAccessTokenRequest({
            ...shared,
            expectedCode: 'code-1',
            pkce: {
              codeVerifier: parsed.pkceCodeVerifier,
              codeChallenge: pushed.code_challenge,
              codeChallengeMethod: pushed.code_challenge_method,
            },
          })
    seen.grants.push(parsed.grant.grantType)
    const response = await server.createAccessTokenResponse({
      audience: url,
      authorizationServer: url,
      expiresInSeconds: 300,
      signer: signerOf(tokenKey),
      subject: 'holder',
      scope: ID,
      refreshToken: 'refresh-1',
      dpop: verified.dpop,
    })
    return json(response)
  }

  async function requireToken(request) {
    await resources.verifyResourceRequest({
      request: full(request),
      resourceServer: url,
      authorizationServers: [{ ...serverMetadata, jwks_uri: `${url}/jwks` }],
      allowedAuthenticationSchemes: ['DPoP'],
    })
  }

  async function credentials({ body, request }) {
    await requireToken(request)
    const parsed = issuer.parseCredentialRequest({ issuerMetadata, credentialRequest: body })
    const [jwt] = parsed.proofs.jwt
    const proof = await issuer.verifyCredentialRequestJwtProof({
      issuerMetadata,
      jwt,
      expectedNonce: nonce,
      clientId: pushed.client_id,
    })
    const keys = proof.keyAttestation.payload.attested_keys
    seen.attestedKeys += keys.length
    ready = await Promise.all(keys.map(async (jwk, index) => ({ credential: await signed(jwk, index) })))
    return {
      ...json(issuer.createCredentialResponse({ credentialRequest: parsed, transactionId: 'later', interval: 1 })),
      status: 202,
    }
  }

  async function deferred({ body, request }) {
    await requireToken(request)
    const parsed = issuer.parseDeferredCredentialRequest({ deferredCredentialRequest: body })
    if (parsed.deferredCredentialRequest.transaction_id !== 'later') throw new Error('transaction')
    seen.deferred += 1
    // 0.4.6 refuses a notification_id beside credentials, where it belongs: its check is the wrong way round.
    return json({ ...issuer.createDeferredCredentialResponse({ credentials: ready }), notification_id: 'n-1' })
  }

  async function signed(jwk, idx) {
    const instance = new SDJwtVcInstance({
      hasher: digest,
      saltGenerator: generateSalt,
      signAlg: 'ES256',
      signer: await ES256.getSigner(credential.key),
    })
    const now = Math.floor(Date.now() / 1000)
    const status = { status_list: { idx, uri: `${origin}/status/1` } }
    const payload = { iss: url, vct, iat: now, exp: now + 3600, cnf: { jwk }, status, ...claims }
    return instance.issue(payload, frame, { header: { x5c: credential.x5c } })
  }

  const routes = {
    'GET /.well-known/openid-credential-issuer/issuer': () => json(credentialIssuer),
    'GET /.well-known/oauth-authorization-server/issuer': () => json(serverMetadata),
    'GET /issuer/jwks': () => json({ keys: [{ ...tokenKey.publicJwk, alg: 'ES256', use: 'sig' }] }),
    'POST /issuer/par': par,
    'GET /issuer/authorize': authorize,
    'POST /issuer/token': token,
    'POST /issuer/nonce': () => json(issuer.createNonceResponse({ cNonce: nonce })),
    'POST /issuer/credential': credentials,
    'POST /issuer/deferred': deferred,
    'POST /issuer/notification': async ({ body, request }) => {
      await requireToken(request)
      seen.notifications.push(body)
      return { status: 204 }
    },
  }
  return { routes, seen, offer: credentialOffer }
}

// Proofs come with their key; attestations come with a chain to a wallet provider's root.
function verifier(anchors) {
  return async (signer, { compact }) => {
    if (signer.method === 'x5c') {
      const leaf = await verifyWithChain(compact, anchors)
      return { verified: true, signerJwk: await exportJWK(leaf.publicKey) }
    }
    if (signer.method !== 'jwk') return { verified: false }
    await compactVerify(compact, await importJWK(signer.publicJwk, signer.alg))
    return { verified: true, signerJwk: signer.publicJwk }
  }
}

function metadataOf(url, vct) {
  const needs = { key_storage: ['iso_18045_moderate'], user_authentication: ['iso_18045_moderate'] }
  const jwt = { proof_signing_alg_values_supported: ['ES256'], key_attestations_required: needs }
  const configuration = {
    format: 'dc+sd-jwt',
    vct,
    scope: ID,
    cryptographic_binding_methods_supported: ['jwk'],
    credential_signing_alg_values_supported: ['ES256'],
    proof_types_supported: { jwt },
  }
  return {
    credentialIssuer: {
      credential_issuer: url,
      credential_endpoint: `${url}/credential`,
      nonce_endpoint: `${url}/nonce`,
      deferred_credential_endpoint: `${url}/deferred`,
      notification_endpoint: `${url}/notification`,
      batch_credential_issuance: { batch_size: 4 },
      credential_configurations_supported: { [ID]: configuration },
    },
    authorizationServer: {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      pushed_authorization_request_endpoint: `${url}/par`,
      require_pushed_authorization_requests: true,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      code_challenge_methods_supported: ['S256'],
      dpop_signing_alg_values_supported: ['ES256'],
      token_endpoint_auth_methods_supported: ['attest_jwt_client_auth'],
      authorization_response_iss_parameter_supported: true,
    },
  }
}

await serve(async ({ origin, issuer }) => {
  const { routes, seen, offer } = await openAuthorizingIssuer({ origin, ...issuer })
  return { routes, told: { offer, link: '' }, seen: () => ({ issuer: seen }) }
})
