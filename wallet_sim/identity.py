"""Who the wallet is to authorization servers, and what its wallet provider vouches for.

Spec: OpenID4VCI 1.0 App. D, App. E; HAIP 1.0 §4.4.1, §4.5.1; TS3 v1.5 §2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from portadoc.formats.oauth.client_attestation import make_client_attestation
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.formats.openid4vci.key_attestation import make_key_attestation
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import ATTACK_POTENTIALS, KeyAttestationsRequired

ATTESTATION_LIFE_S: Final = 3600
ProofKind = Literal["jwt", "attestation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletProvider:
    """What a wallet provider signs for this wallet, and what it says in there.

    ``issuer`` is the ``iss`` of draft -07, which also goes into proofs of possession; None as from draft -08 on.
    ``preferred_proof`` is the type of key proof to use where an issuer takes both.
    """

    client_attestation: Signer
    key_attestation: Signer
    issuer: str | None
    facts: WalletFacts
    key_storage: tuple[str, ...]
    user_authentication: tuple[str, ...]
    certification: str | None = None
    preferred_proof: ProofKind = "jwt"

    def vouch_for_client(self, *, client_id: str, instance_jwk: JsonObject, now: int) -> str:
        """Return a fresh attestation of a wallet instance. Spec: OpenID4VCI 1.0 App. E."""
        return make_client_attestation(
            client_id=client_id,
            instance_jwk=instance_jwk,
            iat=now,
            exp=now + ATTESTATION_LIFE_S,
            issuer=self.issuer,
            wallet=self.facts,
            signer=self.client_attestation,
        )

    def vouch_for_keys(self, jwks: Sequence[JsonObject], *, nonce: str, now: int) -> str:
        """Return a fresh attestation of keys under an issuer's nonce. Spec: OpenID4VCI 1.0 App. D."""
        return make_key_attestation(
            attested_jwks=jwks,
            iat=now,
            exp=now + ATTESTATION_LIFE_S,
            nonce=nonce,
            key_storage=self.key_storage,
            user_authentication=self.user_authentication,
            signer=self.key_attestation,
            certification=self.certification,
        )

    def satisfies(self, required: KeyAttestationsRequired) -> bool:
        """Tell whether the keys are kept as well as an issuer asks. Spec: OpenID4VCI 1.0 §12.2.4, App. D.2."""
        return _suffices(self.key_storage, required.key_storage) and _suffices(
            self.user_authentication, required.user_authentication
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletIdentity:
    """One instance of a wallet as a client: its name, where browsers return to, its key, and who vouches for it.

    ``provider`` None makes it a public client: nobody vouches, and it asks for nothing that needs vouching.
    """

    client_id: str
    redirect_uri: str
    instance: LocalSigner
    provider: WalletProvider | None


def _suffices(levels: Sequence[str], accepted: Sequence[str] | None) -> bool:
    """Tell whether a level is accepted by name, or is stronger than one that is."""
    if accepted is None:
        return True
    weakest = max((ATTACK_POTENTIALS.index(each) for each in accepted if each in ATTACK_POTENTIALS), default=-1)
    strong = ATTACK_POTENTIALS[: weakest + 1]
    return any(level in accepted or level in strong for level in levels)
