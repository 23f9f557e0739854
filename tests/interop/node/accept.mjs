// A wallet built on @openid4vc/openid4vci takes an offer, verifies what it gets with @sd-jwt and reports to the issuer.
// In: {origin, offerUri, txCode, copies, signedMetadata}. Out: what came, with the keys that it is bound to.
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { callbacks, newKey, signerOf } from './callbacks.mjs'
import { holder } from './holder.mjs'
import { answer } from './job.mjs'
import { askingForSignedMetadata } from './mends.mjs'
import { fetchAnchors } from './trust.mjs'

await answer(async ({ origin, offerUri, txCode, copies, signedMetadata }) => {
  const anchors = await fetchAnchors(origin)
  const traffic = []
  const dpopKey = await newKey()
  const keys = await Promise.all(Array.from({ length: copies }, newKey))
  const client = new Openid4vciClient({
    callbacks: await callbacks({
      keys: [dpopKey, ...keys],
      anchors,
      traffic,
      mend: signedMetadata ? askingForSignedMetadata : undefined,
    }),
  })
  // 1. offer, metadata, access token
  const credentialOffer = await client.resolveCredentialOffer(offerUri)
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
  const dpop = { signer: signerOf(dpopKey) }
  const granted = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer,
    issuerMetadata,
    txCode,
    dpop,
  })
  const accessToken = granted.accessTokenResponse.access_token
  // 2. a nonce, and one proof for each key
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
  const [credentialConfigurationId] = credentialOffer.credential_configuration_ids
  const prove = (key) => ({ signer: signerOf(key), nonce, issuerMetadata, credentialConfigurationId })
  const proofs = await Promise.all(keys.map((key) => client.createCredentialRequestJwtProof(prove(key))))
  // 3. the credentials, each verified with its status
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata,
    credentialConfigurationId,
    proofs: { jwt: proofs.map((proof) => proof.jwt) },
    accessToken,
    dpop,
  })
  const received = credentialResponse.credentials.map((one) => one.credential)
  const statusLists = []
  const verifier = await holder({ anchors, statusLists })
  const verified = []
  for (const credential of received) verified.push((await verifier.verify(credential)).payload)
  // 4. the issuer hears of it
  const notified = await client.sendNotification({
    issuerMetadata,
    notification: { notificationId: credentialResponse.notification_id, event: 'credential_accepted' },
    accessToken,
    dpop,
  })
  return {
    version: issuerMetadata.originalDraftVersion,
    signedMetadata: issuerMetadata.signedCredentialIssuer !== undefined,
    configurations: Object.keys(issuerMetadata.knownCredentialConfigurations),
    tokenType: granted.accessTokenResponse.token_type,
    notified: notified.response.status,
    held: received.map((credential, index) => ({ credential, key: keys[index].privateJwk })),
    claims: verified,
    traffic,
    statusLists,
  }
})
