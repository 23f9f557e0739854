// A wallet on @openid4vc/openid4vci with the means of HAIP: pushed requests, PKCE, DPoP, attestations of itself and of
// its keys. Each line of stdin is one step, {do, ...}, and each line of stdout what came of it: {ok, value} or
// {ok: false, error}. What belongs to one offer is kept under the number of its session.
import { createInterface } from 'node:readline'
import { clientAuthenticationClientAttestationJwt, Oauth2Client } from '@openid4vc/oauth2'
import { extractScopesForCredentialConfigurationIds, Openid4vciClient } from '@openid4vc/openid4vci'
import { calculateJwkThumbprint } from 'jose'
import { answerRequest } from './answering.mjs'
import { openBrowser } from './browser.mjs'
import { callbacks, newKey, signerOf } from './callbacks.mjs'
import { holder } from './holder.mjs'
import { tried } from './job.mjs'
import * as mends from './mends.mjs'
import { walletProvider } from './provider.mjs'
import { fetchAnchors } from './trust.mjs'

const ENC = 'A256GCM'
const wallet = { keys: [], held: {}, sessions: [] }

const steps = {
  // The wallet's and its provider's keys are made here; who certifies them is told the public ones.
  async begin({ clientId, redirectUri }) {
    const [client, keys, instance, response] = await Promise.all([newKey(), newKey(), newKey(), newKey()])
    Object.assign(wallet, { clientId, redirectUri, instance, response, keys: [client, keys, instance] })
    return { client: client.publicJwk, keys: keys.publicJwk }
  },

  certified({ origin, chains }) {
    Object.assign(wallet, { origin, chains })
  },

  async offered({ offerUri, signedMetadata = false }) {
    const dpopKey = await newKey()
    wallet.keys.push(dpopKey)
    wallet.anchors ??= await fetchAnchors(wallet.origin)
    const session = { traffic: [], dpop: { signer: signerOf(dpopKey) }, signedMetadata }
    const client = await clientOf(session)
    session.offer = await client.resolveCredentialOffer(offerUri)
    session.metadata = await client.resolveIssuerMetadata(session.offer.credential_issuer)
    wallet.sessions.push(session)
    return {
      session: wallet.sessions.length - 1,
      version: session.metadata.originalDraftVersion,
      grants: Object.keys(session.offer.grants),
      configurations: session.offer.credential_configuration_ids,
      signer: session.metadata.signedCredentialIssuer?.signer.method ?? null,
    }
  },

  // The code flow: a pushed request, the holder in a browser who shows `pid` and approves, the code, the token.
  async authorized({ session: number, pid, details, without }) {
    const session = wallet.sessions[number]
    const { offer, metadata } = session
    const client = await clientOf(session, { without })
    const began = await client.initiateAuthorization({
      clientId: wallet.clientId,
      redirectUri: wallet.redirectUri,
      credentialOffer: offer,
      issuerMetadata: metadata,
      dpop: session.dpop,
      scope: details ? undefined : scopeOf(session),
      additionalRequestPayload: details && { authorization_details: details },
    })
    const browser = openBrowser(wallet.origin)
    const link = await browser.askedForIdentity(began.authorizationRequestUrl)
    const shown = await answerRequest({ origin: wallet.origin, link, held: [wallet.held[pid]], selectOnce: true })
    const page = await browser.cameBack(shown.answer.body.redirect_uri)
    const returned = client.parseAndVerifyAuthorizationResponseRedirectUrl({
      url: await browser.approved(),
      authorizationServerMetadata: metadata.authorizationServers[0],
    })
    const granted = await client.retrieveAuthorizationCodeAccessTokenFromOffer({
      issuerMetadata: metadata,
      credentialOffer: offer,
      authorizationCode: returned.code,
      pkceCodeVerifier: began.pkce.codeVerifier,
      redirectUri: wallet.redirectUri,
      dpop: began.dpop,
    })
    return { shown: Object.keys(shown.shown), page, returned: Object.keys(returned), ...taken(session, granted) }
  },

  async preAuthorized({ session: number, txCode }) {
    const session = wallet.sessions[number]
    const client = await clientOf(session)
    const granted = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer: session.offer,
      issuerMetadata: session.metadata,
      txCode,
      dpop: session.dpop,
    })
    return taken(session, granted)
  },

  async refreshed({ session: number }) {
    const session = wallet.sessions[number]
    const [authorizationServerMetadata] = session.metadata.authorizationServers
    const granted = await new Oauth2Client({ callbacks: await means(session) }).retrieveRefreshTokenAccessToken({
      authorizationServerMetadata,
      refreshToken: session.refreshToken,
      dpop: session.dpop,
    })
    return taken(session, granted)
  },

  // `proof`: `jwt` is one proof with an attestation of all keys, `attestation` that alone.
  async collected({ session: number, configuration, copies = 1, proof = 'jwt', held, more, ...sending }) {
    const session = wallet.sessions[number]
    const keys = await Promise.all(Array.from({ length: copies }, newKey))
    wallet.keys.push(...keys)
    session.pending = keys
    const client = await clientOf(session, sending)
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata: session.metadata })
    const received = await client.retrieveCredentials({
      issuerMetadata: session.metadata,
      credentialConfigurationId: configuration,
      proofs: await proofsOf(client, session, { configuration, keys, nonce, proof, without: sending.without }),
      additionalRequestPayload: { ...(sending.encrypted && sealing()), ...more },
      accessToken: session.accessToken,
      dpop: session.dpop,
    })
    return answered(session, received.credentialResponse, received.response.status, held)
  },

  async delivered({ session: number, held, ...sending }) {
    const session = wallet.sessions[number]
    const client = await clientOf(session, sending)
    const { deferredCredentialResponse, response } = await client.retrieveDeferredCredentials({
      issuerMetadata: session.metadata,
      transactionId: session.transactionId,
      additionalRequestPayload: sending.encrypted && sealing(),
      accessToken: session.accessToken,
      dpop: session.dpop,
    })
    return answered(session, deferredCredentialResponse, response.status, held)
  },

  async notified({ session: number, event }) {
    const session = wallet.sessions[number]
    const client = await clientOf(session)
    const { response } = await client.sendNotification({
      issuerMetadata: session.metadata,
      notification: { notificationId: session.notificationId, event },
      accessToken: session.accessToken,
      dpop: session.dpop,
    })
    return response.status
  },

  presented: ({ link, held }) =>
    answerRequest({ origin: wallet.origin, link, held: [wallet.held[held]], selectOnce: true }),

  traffic: ({ session: number }) => wallet.sessions[number].traffic.splice(0),
}

async function clientOf(session, sending) {
  return new Openid4vciClient({ callbacks: await means(session, sending) })
}

// What is sent is `encrypted` or not and may name an `identifier`; `without` names what is not done for the library.
async function means(session, { identifier, encrypted, without = [] } = {}) {
  const own = { keys: wallet.keys, anchors: wallet.anchors, traffic: session.traffic }
  const signing = await callbacks({ ...own, traffic: [] })
  const noted = (found) => Object.assign(session, found)
  const done = {
    signedMetadata: session.signedMetadata && mends.askingForSignedMetadata,
    identifier: identifier && mends.askingByIdentifier(identifier),
    notificationId: mends.takingNotificationId((id) => noted(id && { notificationId: id })),
    encrypting: encrypted && mends.encryptingTo(requestKey(session), ENC),
    decrypting: encrypted && mends.decryptingWith(wallet.response.privateJwk, (header) => noted({ header })),
  }
  const wanted = Object.entries(done).filter(([name, mend]) => mend && !without.includes(name))
  return callbacks({
    ...own,
    mend: mends.together(wanted.map(([, mend]) => mend)),
    clientAuthentication: (request) => authenticated(signing, request, without),
  })
}

// The library writes the proof of possession, but knows no challenge: it is put in before it is signed.
async function authenticated(signing, request, without) {
  const attestation = await provider(signing, without).vouchForClient(wallet.instance.publicJwk)
  const fetched = await fetch(request.authorizationServerMetadata.challenge_endpoint, { method: 'POST' })
  const { attestation_challenge: challenge } = await fetched.json()
  const challenged = without.includes('challenge') ? {} : { challenge }
  const signJwt = (signer, { header, payload }) =>
    signing.signJwt(signer, { header, payload: { ...payload, ...challenged } })
  const authenticate = clientAuthenticationClientAttestationJwt({
    clientAttestationJwt: attestation,
    callbacks: { ...signing, signJwt },
  })
  return authenticate(request)
}

// The library types attestations of keys as drafts before 1.0 did.
function provider(signing, without) {
  const typ = without.includes('typ') ? 'keyattestation+jwt' : 'key-attestation+jwt'
  const signJwt = (signer, { header, payload }) =>
    signing.signJwt(signer, { header: header.typ === 'keyattestation+jwt' ? { ...header, typ } : header, payload })
  return walletProvider({ ...wallet, callbacks: { ...signing, signJwt } })
}

const scopeOf = ({ offer, metadata }) =>
  extractScopesForCredentialConfigurationIds({
    credentialConfigurationIds: offer.credential_configuration_ids,
    issuerMetadata: metadata,
  }).join(' ')

function requestKey({ metadata }) {
  return metadata.credentialIssuer.credential_request_encryption.jwks.keys[0]
}

// 1.0 has no `alg` beside the key; the library demands one.
function sealing() {
  const jwk = { ...wallet.response.publicJwk, alg: 'ECDH-ES', use: 'enc', kid: 'response-1' }
  return { credential_response_encryption: { jwk, alg: jwk.alg, enc: ENC } }
}

async function proofsOf(client, session, { configuration, keys, nonce, proof, without = [] }) {
  const signing = await callbacks({ keys: wallet.keys, anchors: wallet.anchors, traffic: [] })
  const publicJwks = keys.map((key) => key.publicJwk)
  const attestation = await provider(signing, without).vouchForKeys(publicJwks, nonce, `proof_type.${proof}`)
  if (proof === 'attestation') return { attestation: [attestation] }
  const { jwt } = await client.createCredentialRequestJwtProof({
    signer: signerOf(keys[0]),
    nonce,
    clientId: wallet.clientId,
    issuerMetadata: session.metadata,
    credentialConfigurationId: configuration,
    keyAttestationJwt: attestation,
  })
  return { jwt: [jwt] }
}

function taken(session, { accessTokenResponse: token, dpop }) {
  Object.assign(session, { accessToken: token.access_token, refreshToken: token.refresh_token, dpop })
  return { type: token.token_type, scope: token.scope, details: token.authorization_details ?? null }
}

// What an issuer's answer comes to: a promise, or copies that are verified with their status, chain and key.
async function answered(session, { credentials, notification_id, transaction_id, interval }, status, held) {
  if (transaction_id) {
    session.transactionId = transaction_id
    return { status, interval, copies: [] }
  }
  if (notification_id) session.notificationId = notification_id
  const statusLists = []
  const verifier = await holder({ anchors: wallet.anchors, statusLists })
  const own = new Map()
  for (const key of session.pending) own.set(await calculateJwkThumbprint(key.publicJwk), key)
  const copies = []
  for (const { credential } of credentials) {
    const { payload: claims } = await verifier.verify(credential)
    const bound = await calculateJwkThumbprint(claims.cnf.jwk)
    if (!own.has(bound)) throw new Error('a copy is bound to a key that is not ours')
    if (held) wallet.held[held] = { credential, key: own.get(bound).privateJwk }
    copies.push({ claims, key: bound, salts: saltsOf(credential) })
  }
  return { status, copies, statusLists, header: session.header ?? null }
}

function saltsOf(credential) {
  const disclosures = credential.split('~').slice(1, -1)
  return disclosures.map((one) => JSON.parse(Buffer.from(one, 'base64url'))[0])
}

for await (const line of createInterface({ input: process.stdin })) {
  const { do: step, ...given } = JSON.parse(line)
  const told = await tried(() => steps[step](given))
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
