// A wallet built on @openid4vc/openid4vci takes an offer, verifies what it gets with @sd-jwt and says so.
// In: {origin, offerUri, txCode, copies}. Out: what was received, with the keys that it is bound to.
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { callbacks, newKey, signerOf } from './callbacks.mjs'
import { holder } from './holder.mjs'
import { answer } from './job.mjs'
import { fetchAnchors } from './trust.mjs'

await answer(async ({ origin, offerUri, txCode, copies }) => {
  const anchors = await fetchAnchors(origin)
  const traffic = []
  const statusLists = []
  const dpopKey = await newKey()
  const keys = await Promise.all(Array.from({ length: copies }, newKey))
  const client = new Openid4vciClient({ callbacks: await callbacks({ keys: [dpopKey, ...keys], anchors, traffic }) })

  const credentialOffer = await client.resolveCredentialOffer(offerUri)
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
  const dpop = { signer: signerOf(dpopKey) }
  const token = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer,
    issuerMetadata,
    txCode,
    dpop,
  })
  const accessToken = token.accessTokenResponse.access_token
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
  const [credentialConfigurationId] = credentialOffer.credential_configuration_ids
  const proofs = await Promise.all(
    keys.map((key) =>
      client.createCredentialRequestJwtProof({
        signer: signerOf(key),
        nonce,
        issuerMetadata,
        credentialConfigurationId,
      })
    )
  )
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata,
    credentialConfigurationId,
    proofs: { jwt: proofs.map((proof) => proof.jwt) },
    accessToken,
    dpop,
  })
  const received = credentialResponse.credentials.map((one) => one.credential)
  const verified = []
  const verifier = await holder({ anchors, statusLists })
  for (const credential of received) verified.push(await verifier.verify(credential))
  const notification = { notificationId: credentialResponse.notification_id, event: 'credential_accepted' }
  const notified = await client.sendNotification({ issuerMetadata, notification, accessToken, dpop })

  return {
    version: issuerMetadata.originalDraftVersion,
    signedMetadata: issuerMetadata.signedCredentialIssuer !== undefined,
    configurations: Object.keys(issuerMetadata.knownCredentialConfigurations),
    tokenType: token.accessTokenResponse.token_type,
    notified: notified.response.status,
    credentials: received.map((credential, index) => ({ credential, key: keys[index].privateJwk })),
    claims: verified.map((one) => one.payload),
    traffic,
    statusLists,
  }
})
