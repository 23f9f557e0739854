// A wallet built on @openid4vc/openid4vp answers a request with what DCQL asks for and nothing else.
// In: {origin, link, held: [{credential, key}]}. Out: what was asked, what was shown, what the verifier said.
import { Openid4vpClient } from '@openid4vc/openid4vp'
import { randomBytes } from 'node:crypto'
import { DcqlQuery } from 'dcql'
import { callbacks } from './callbacks.mjs'
import { holder } from './holder.mjs'
import { answer, tried } from './job.mjs'
import { fetchAnchors } from './trust.mjs'

await answer(async ({ origin, link, held }) => {
  const anchors = await fetchAnchors(origin)
  const traffic = []
  const client = new Openid4vpClient({ callbacks: await callbacks({ keys: [], anchors, traffic }) })
  const { params } = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link })
  const request = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params })
  const asked = request.authorizationRequestPayload

  const credentials = []
  for (const { credential } of held) credentials.push(await seen(await holder({ anchors }), credential))
  const query = DcqlQuery.parse(request.dcql.query)
  DcqlQuery.validate(query)
  const matched = DcqlQuery.query(query, credentials)
  if (!matched.can_be_satisfied) throw new Error('dcql: the query cannot be satisfied')

  const shown = {}
  const binding = { aud: request.client.effective, nonce: asked.nonce, iat: Math.floor(Date.now() / 1000) }
  for (const [id, match] of Object.entries(matched.credential_matches)) {
    const found = match.valid_credentials[0]
    const { credential, key } = held[found.input_credential_index]
    const frame = frameOf(found.claims.valid_claim_sets[0].output)
    const text = await (await wallet(key, anchors)).present(credential, frame, { kb: { payload: binding } })
    shown[id] = [text]
  }
  // What a verifier built on @sd-jwt would say of the same presentations, status included.
  const judge = await holder({ anchors })
  const judged = await tried(async () => {
    for (const [text] of Object.values(shown)) await judge.verify(text, { keyBindingNonce: asked.nonce })
  })
  const response = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: asked,
    authorizationResponsePayload: { vp_token: shown },
    jarm: {
      encryption: { nonce: randomBytes(16).toString('base64url') },
      serverMetadata: {
        authorization_signing_alg_values_supported: [],
        authorization_encryption_alg_values_supported: ['ECDH-ES'],
        authorization_encryption_enc_values_supported: ['A128GCM'],
      },
    },
  })
  const sent = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: asked,
    authorizationResponsePayload: response.authorizationResponsePayload,
    jarm: response.jarm,
  })
  return {
    version: request.version,
    clientId: request.client.effective,
    responseMode: asked.response_mode,
    jweHeader: JSON.parse(Buffer.from(response.jarm.responseJwt.split('.')[0], 'base64url')),
    shown,
    judged,
    status: sent.response.status,
    body: await sent.response.json(),
    traffic,
  }
})

function wallet(key, anchors) {
  return holder({ anchors, key })
}

async function seen(instance, credential) {
  const claims = await instance.getClaims(credential)
  return {
    credential_format: 'dc+sd-jwt',
    vct: claims.vct,
    claims,
    cryptographic_holder_binding: claims.cnf !== undefined,
  }
}

// DCQL gives the claims to show; @sd-jwt wants the same tree with `true` at its leaves.
function frameOf(claims) {
  if (claims === null || typeof claims !== 'object') return claims !== null
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, frameOf(value)]))
}
