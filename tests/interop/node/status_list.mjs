// @sd-jwt/jwt-status-list writes signed status lists and reads those of others.
// In: {key, write: {name: {statuses, bits, claims}}, read: {name: {token, at}}}, key a private JWK.
// Out: {written: {name: token}, found: {name: {ok, value: statuses} or {ok, error}}}.
import { Jwt } from '@sd-jwt/core'
import { ES256 } from '@sd-jwt/crypto-nodejs'
import { createHeaderAndPayload, getListFromStatusListJWT, StatusList } from '@sd-jwt/jwt-status-list'
import { answer, tried } from './job.mjs'

await answer(async ({ key, write, read }) => {
  const signer = await ES256.getSigner(key)
  const { kty, crv, x, y } = key
  const verifier = await ES256.getVerifier({ kty, crv, x, y })
  const written = {}
  for (const [name, { statuses, bits, claims }] of Object.entries(write)) {
    const made = createHeaderAndPayload(new StatusList(statuses, bits), claims, { alg: 'ES256' })
    written[name] = await new Jwt(made).sign(signer)
  }
  const found = {}
  for (const [name, { token, at }] of Object.entries(read)) {
    found[name] = await tried(async () => {
      await Jwt.fromEncode(token).verify(verifier)
      const list = getListFromStatusListJWT(token)
      return at.map((index) => list.getStatus(index))
    })
  }
  return { written, found }
})
