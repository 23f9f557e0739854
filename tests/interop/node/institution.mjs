// The issuer and the verifier behind one origin.
import { serve } from './server.mjs'
import { openIssuer } from './issuer.mjs'
import { openVerifier } from './verifier.mjs'

await serve(async ({ origin, issuer, verifier }) => {
  const one = await openIssuer({ origin, ...issuer })
  const other = await openVerifier({ origin, ...verifier })
  return {
    routes: { ...one.routes, ...other.routes },
    told: { offer: one.offer, link: other.link },
    seen: () => ({ issuer: one.seen, verifier: other.seen }),
  }
})
