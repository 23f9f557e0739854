"""Whose seal it is: of all certificates that its few bytes may mean, a trusted one that made the signature."""

from typing import NamedTuple

from portadoc.errors import Error, Untrusted
from portadoc.formats.visible_seal import SealClaims, UnverifiedSeal, verify_seal
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.seal_procedure.signers import Chain, SealSigners


class Signer(NamedTuple):
    """A chain and the key that it proves, for seals; nothing is authorised yet."""

    unverified_chain: Chain
    key: TrustedKey


def trusted_signers(
    seal: UnverifiedSeal, signers: SealSigners, trust: TrustAnswers, now: int
) -> tuple[Signer, ...]:
    """Return each chain of the key id that leads to an anchor for seals; two certificates may share an id.

    Raises Untrusted[issuer_untrusted], [chain_invalid], Malformed[malformed_token]: of the first, where none does.
    """
    found, refusals = [], []
    for chain in signers.chains(seal.key_id):
        try:
            found.append(Signer(chain, trust.resolve_chain(chain, purpose=KeyPurpose.DOCUMENT_SEAL, at=now)))
        except Error as error:
            refusals.append(error)
    if not found:
        raise refusals[0]
    return tuple(found)


def verified_claims(seal: UnverifiedSeal, candidates: tuple[Signer, ...]) -> tuple[Signer, SealClaims]:
    """Return who of the candidates signed, and what. Raises as ``verify_seal``: of the first, where nobody did."""
    refusals = []
    for signer in candidates:
        try:
            return signer, verify_seal(seal, key=signer.key.key)
        except Untrusted as error:
            refusals.append(error)
    raise refusals[0]
