"""What the holder should know about the asker: is it registered, does it ask for what it is registered for, does
the issuer want the credential shown to it?

A warning never answers for the holder: it is shown before the holder agrees or declines. Spec: ARF 3.0 RPRC_16 to
RPRC_21, EDP_02 to EDP_07.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from portadoc.errors import Error, Malformed, Param, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.openid4vp.disclosure_policy import Authority, ProvenAsker, authority_of, permits, rules_of
from portadoc.formats.openid4vp.registration_certificate import (
    Registration,
    certificates_in,
    over_asking,
    parse_registration_certificate,
    verify_registration_certificate,
)
from portadoc.formats.openid4vp.request_object import VerifiedRequest
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import name_attributes, parse_chain
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.openid4vci import DisclosurePolicy, read_message
from portadoc.wallet_sim.peers import CLOCK_SKEW_S, Means
from portadoc.wallet_sim.store import HeldCredential
from portadoc.wallet_sim.verifiers import KnownVerifier, vouched

NOBODY: Final = ProvenAsker(subject=frozenset(), entitlements=frozenset(), authorities=frozenset())
"""An asker of whom nothing is proven."""
_EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class HolderWarning:
    """Something to consider before answering: a message code and the values for its sentence."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


def judge_asker(
    request: VerifiedRequest, verifier: KnownVerifier | None, means: Means
) -> tuple[tuple[HolderWarning, ...], ProvenAsker]:
    """Return what speaks against the asker, and what is proven of it.

    Nobody vouches for it, or its registration is not as it should be. Of an asker that comes with the registration
    of another party nothing is proven: which of the two the issuer has in mind, it cannot know.
    """
    if verifier is None:
        return (HolderWarning("verifier_unsigned"),), NOBODY
    asker = _by_access_certificate(verifier)
    try:
        texts = certificates_in(request.verifier_info)
        if not texts:
            return (HolderWarning("registration_missing"),), asker
        if len(texts) > 1:
            raise Untrusted("registration_invalid", spec="ARF 3.0 RPRC_19", reason="several")
        registration, above = _registration(texts[0], means)
    except Error as error:
        return (_not_believed(error),), asker
    if registration.sub != verifier.id:
        return (HolderWarning("registration_of_another"),), NOBODY
    over = ", ".join(str(each) for each in over_asking(registration, request.query))
    registered = replace(
        asker, entitlements=frozenset(registration.entitlements), authorities=asker.authorities | above
    )
    return (HolderWarning("registration_exceeded", {"asked": over}),) if over else (), registered


def disclosure_warning(credential: HeldCredential, asker: ProvenAsker) -> HolderWarning | None:
    """Return what the issuer of a credential has against showing it to the asker, by the policy kept with it.

    A policy that cannot be read restricts whom nobody knows. Spec: ARF 3.0 EDP_05 to EDP_07, EDP_10.
    """
    if credential.disclosure_policy is None:
        return None
    try:
        content = strict_json.loads_object(credential.disclosure_policy, what="disclosure policy")
        policy = read_message(DisclosurePolicy, content)
        rules = rules_of(policy)
    except Malformed:
        return HolderWarning("disclosure_policy_unreadable", {"type": credential.vct})
    if permits(rules, asker):
        return None
    return HolderWarning("disclosure_not_permitted", {"type": credential.vct, "rule": policy.url or policy.id})


def _by_access_certificate(verifier: KnownVerifier) -> ProvenAsker:
    """Return what the path of the verifier's certificate proves, which was validated before."""
    if not verifier.path:
        return NOBODY
    (leaf, *_) = parse_chain(verifier.path[:1])
    return replace(NOBODY, subject=name_attributes(leaf.subject), authorities=_authorities(verifier.path))


def _authorities(path: tuple[bytes, ...]) -> frozenset[Authority]:
    """Return the authorities above the leaf: none where it is its own anchor, whatever came with it."""
    return frozenset() if path[-1] == path[0] else frozenset(map(authority_of, parse_chain(path[1:])))


def _registration(text: str, means: Means) -> tuple[Registration, frozenset[Authority]]:
    """Return what a registrar that we trust certifies now, and the authorities above the registrar.

    Raises as the chain and the certificate are judged.
    """
    unverified = parse_registration_certificate(text, allowed_algs=ALL_ALGORITHMS)
    chain = unverified.unverified_chain
    registrar = vouched(chain, KeyPurpose.REGISTRATION, means)
    certificate = verify_registration_certificate(
        unverified, key=registrar.key, now=means.clock.now(), skew_s=CLOCK_SKEW_S
    )
    return certificate.registration, _authorities((*chain, registrar.anchor_certificate))


def _not_believed(error: Error) -> HolderWarning:
    reason = str(error.params.get("reason", error.code))
    if error.code == "registration_invalid" and reason == _EXPIRED:
        return HolderWarning("registration_expired")
    return HolderWarning("registration_not_believed", {"reason": reason})
