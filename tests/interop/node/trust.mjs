// Certificate chains as node:crypto sees them: nothing of Portadoc is used to judge Portadoc's chains.
import { X509Certificate } from 'node:crypto'
import { compactVerify, decodeProtectedHeader, importX509 } from 'jose'

const MAX_CHAIN = 4

export async function fetchAnchors(origin) {
  const response = await fetch(`${origin}/trust/anchors.pem`)
  if (!response.ok) throw new Error(`anchors: ${response.status}`)
  const pem = await response.text()
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g).map((one) => new X509Certificate(one))
}

// Verifies a compact JWS with the leaf of its x5c header, after the chain has been followed to one of the anchors.
export async function verifyWithChain(compact, anchors) {
  const { alg, x5c } = decodeProtectedHeader(compact)
  const chain = (x5c ?? []).map((one) => new X509Certificate(Buffer.from(one, 'base64')))
  requireTrusted(chain, anchors)
  const key = await importX509(chain[0].toString(), alg)
  await compactVerify(compact, key, { algorithms: ['ES256'] })
  return chain[0]
}

function requireTrusted(chain, anchors) {
  if (chain.length === 0 || chain.length > MAX_CHAIN) throw new Error('x5c: no chain')
  const now = Date.now()
  chain.forEach((certificate, index) => {
    const within = Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo)
    if (!within) throw new Error('x5c: a certificate is out of its time')
    const above = index + 1 < chain.length ? [chain[index + 1]] : anchors
    if (!above.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)))
      throw new Error('x5c: the chain leads to no anchor')
  })
}
