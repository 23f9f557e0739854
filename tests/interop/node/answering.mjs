// A wallet built on @openid4vc/openid4vp, dcql and @sd-jwt answers a request with what is asked for and nothing else.
import { randomBytes } from 'node:crypto'
import { Openid4vpClient } from '@openid4vc/openid4vp'
import { DcqlQuery } from 'dcql'
import { callbacks } from './callbacks.mjs'
import { holder, presentOnce } from './holder.mjs'
import { tried } from './job.mjs'
import { fetchAnchors } from './trust.mjs'

const ableTo = (enc) => ({
  authorization_signing_alg_values_supported: [],
  authorization_encryption_alg_values_supported: ['ECDH-ES'],
  authorization_encryption_enc_values_supported: [enc],
})

export async function answerRequest({ origin, link, held, selectOnce, walletMetadata, enc = 'A128GCM' }) {
  const anchors = await fetchAnchors(origin)
  const traffic = []
  const client = new Openid4vpClient({ callbacks: await callbacks({ anchors, traffic }) })
  // 1. the signed request
  const { params } = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link })
  const request = await client.resolveOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: params,
    wallet: walletMetadata && { metadata: walletMetadata },
  })
  const asked = request.authorizationRequestPayload
  // 2. what of the held credentials answers it
  const matches = await matchesOf(request.dcql.query, held, anchors)
  // 3. presentations, bound to this verifier and this request
  const binding = { aud: request.client.effective, nonce: asked.nonce, iat: Math.floor(Date.now() / 1000) }
  const shown = {}
  for (const [id, { position, claims }] of Object.entries(matches)) {
    const { credential, key } = held[position]
    const instance = await holder({ anchors, key })
    shown[id] = selectOnce
      ? await presentOnce(instance, credential, frameOf(claims), binding, key)
      : await instance.present(credential, frameOf(claims), { kb: { payload: binding } })
  }
  const judged = await judge(shown, anchors, asked.nonce)
  // 4. encrypted, if the request asks for that, and sent
  const encryption = { nonce: randomBytes(16).toString('base64url') }
  const response = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: asked,
    authorizationResponsePayload: {
      vp_token: Object.fromEntries(Object.entries(shown).map(([id, text]) => [id, [text]])),
    },
    jarm: asked.response_mode.endsWith('.jwt') ? { encryption, serverMetadata: ableTo(enc) } : undefined,
  })
  const sent = await client.submitOpenid4vpAuthorizationResponse({ authorizationRequestPayload: asked, ...response })
  return {
    version: request.version,
    clientId: request.client.effective,
    responseMode: asked.response_mode,
    jweHeader: response.jarm && JSON.parse(Buffer.from(response.jarm.responseJwt.split('.')[0], 'base64url')),
    shown,
    judged,
    answer: { status: sent.response.status, body: await sent.response.json() },
    traffic,
  }
}

// Of each set of queries the first option that can be met: for each of its queries the first held credential that
// answers it, and the claims to show of that.
async function matchesOf(unparsed, held, anchors) {
  const instance = await holder({ anchors })
  const credentials = []
  for (const { credential } of held) {
    const claims = await instance.getClaims(credential)
    credentials.push({
      credential_format: 'dc+sd-jwt',
      vct: claims.vct,
      claims,
      cryptographic_holder_binding: claims.cnf !== undefined,
    })
  }
  const query = DcqlQuery.parse(unparsed)
  DcqlQuery.validate(query)
  const matched = DcqlQuery.query(query, credentials)
  if (!matched.can_be_satisfied) throw new Error('dcql: the query cannot be satisfied')
  const first = ({ valid_credentials: [found] }) => ({
    position: found.input_credential_index,
    claims: found.claims.valid_claim_sets[0].output,
  })
  const sets = matched.credential_sets?.map(({ matching_options: options }) => options?.[0] ?? [])
  const chosen = sets?.flat() ?? Object.keys(matched.credential_matches)
  return Object.fromEntries(chosen.map((id) => [id, first(matched.credential_matches[id])]))
}

// What a verifier built on @sd-jwt says of the same presentations, status list included.
async function judge(shown, anchors, nonce) {
  const verifier = await holder({ anchors })
  return tried(async () => {
    for (const text of Object.values(shown)) await verifier.verify(text, { keyBindingNonce: nonce })
    return 'accepted'
  })
}

// dcql gives the claims to show; @sd-jwt wants the same tree with `true` at its leaves.
function frameOf(claims) {
  if (claims === null || typeof claims !== 'object') return claims !== null
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, frameOf(value)]))
}
