"""What the holder should know about the asker: is it registered, and does it ask for what it is registered for?

A warning never answers for the holder: it is shown before the holder agrees or declines. Spec: ARF 3.0 RPRC_16 to
RPRC_21.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portadoc.errors import Error, Param, Untrusted
from portadoc.formats.openid4vp.registration_certificate import (
    Registration,
    certificates_in,
    over_asking,
    parse_registration_certificate,
    verify_registration_certificate,
)
from portadoc.formats.openid4vp.request_object import VerifiedRequest
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.wallet_sim.peers import CLOCK_SKEW_S, Means
from portadoc.wallet_sim.verifiers import KnownVerifier, vouched

_EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class HolderWarning:
    """Something to consider before answering: a message code and the values for its sentence."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


def registration_warnings(
    request: VerifiedRequest, verifier: KnownVerifier | None, means: Means
) -> tuple[HolderWarning, ...]:
    """Return what speaks against the asker: nobody vouches for it, or its registration is not as it should be."""
    if verifier is None:
        return (HolderWarning("verifier_unsigned"),)
    try:
        texts = certificates_in(request.verifier_info)
        if not texts:
            return (HolderWarning("registration_missing"),)
        if len(texts) > 1:
            raise Untrusted("registration_invalid", spec="ARF 3.0 RPRC_19", reason="several")
        registration = _registration(texts[0], means)
    except Error as error:
        return (_not_believed(error),)
    if registration.sub != verifier.id:
        return (HolderWarning("registration_of_another"),)
    over = ", ".join(str(each) for each in over_asking(registration, request.query))
    return (HolderWarning("registration_exceeded", {"asked": over}),) if over else ()


def _registration(text: str, means: Means) -> Registration:
    """Return what a registrar that we trust certifies now. Raises as the chain and the certificate are judged."""
    unverified = parse_registration_certificate(text, allowed_algs=ALL_ALGORITHMS)
    registrar = vouched(unverified.unverified_chain, KeyPurpose.REGISTRATION, means)
    certificate = verify_registration_certificate(
        unverified, key=registrar.key, now=means.clock.now(), skew_s=CLOCK_SKEW_S
    )
    return certificate.registration


def _not_believed(error: Error) -> HolderWarning:
    reason = str(error.params.get("reason", error.code))
    if error.code == "registration_invalid" and reason == _EXPIRED:
        return HolderWarning("registration_expired")
    return HolderWarning("registration_not_believed", {"reason": reason})
