// A wallet provider on @openid4vc/openid4vci: it vouches for an instance of a wallet, and for the keys that it holds.
import { Openid4vciWalletProvider } from '@openid4vc/openid4vci'

const LIFE_MS = 3_600_000
const HIGH = ['iso_18045_high']

// `chains` are the certificate chains (x5c) of the provider's two keys, whose private parts `callbacks` knows.
export function walletProvider({ clientId, chains, callbacks }) {
  const provider = new Openid4vciWalletProvider({ callbacks })
  const signer = (x5c) => ({ method: 'x5c', alg: 'ES256', x5c })
  const times = () => ({ issuedAt: new Date(), expiresAt: new Date(Date.now() + LIFE_MS) })
  return {
    vouchForClient: (publicJwk) =>
      provider.createWalletAttestationJwt({
        ...times(),
        clientId,
        issuer: clientId,
        walletName: 'Wallet of strangers (test)',
        confirmation: { jwk: publicJwk },
        signer: signer(chains.client),
      }),
    vouchForKeys: (publicJwks, nonce, use) =>
      provider.createKeyAttestationJwt({
        ...times(),
        use,
        nonce,
        attestedKeys: publicJwks,
        keyStorage: HIGH,
        userAuthentication: HIGH,
        signer: signer(chains.keys),
      }),
  }
}
