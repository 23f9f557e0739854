"""Key attestations: a wallet provider says which keys a wallet holds, where they are kept, and how well.

Spec: OpenID4VCI 1.0 App. D, F.1, F.3; HAIP 1.0 §4.5.1; TS3 v1.5 §2.2.2, §2.3.2.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import KEY_ATTESTATION
from portadoc.formats.status_list.maintained import MaintainedStatus, maintained_status
from portadoc.formats.status_list.statuses import StatusReference, status_reference
from portadoc.keys.jwk import VerificationKey, public_jwk, public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.wallet_providers import WalletProviderTrust, wallet_provider_key
from portadoc.schemas.claims import JsonObject

CODE: Final = "key_attestation_invalid"
SPEC: Final = "OpenID4VCI 1.0 App. D"
TYP: Final = "key-attestation+jwt"
EARLIER_TYP: Final = "keyattestation+jwt"
"""The name that drafts used, and that the examples of TS3 v1.5 still use."""
MAX_KEYS: Final = 100
MAX_LEVELS: Final = 16
MAX_TEXT_CHARS: Final = 2048
_NONCE: Final = re.compile(r"[\x21-\x7e]{1,512}")
_RANKS: Final[Mapping[str, int]] = {
    "iso_18045_basic": 1,
    "iso_18045_enhanced-basic": 2,
    "iso_18045_moderate": 3,
    "iso_18045_high": 4,
}
"""What withstands a stronger attack withstands a weaker one. Spec: App. D.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationPolicy:
    """What an issuer asks of key attestations for a credential.

    ``key_storage`` and ``user_authentication`` are the levels that it accepts, as its metadata names them; none
    means that it asks for none. ``first_key_signs``: a ``jwt`` proof is signed by the first attested key,
    otherwise by any of them. ``own_nonce``: the attestation in a proof's header has to carry the nonce itself.
    With ``required`` False a proof may lack the attestation. ``tolerated_typ`` are earlier names still accepted.
    """

    trust: WalletProviderTrust
    key_storage: frozenset[str]
    user_authentication: frozenset[str]
    first_key_signs: bool
    own_nonce: bool
    required: bool
    tolerated_typ: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedKeyAttestation:
    """Keys that a wallet provider vouches for, in its order, each once.

    ``nonce`` (None when there is none) still has to be redeemed by the caller. ``unverified_status`` and
    ``unverified_key_storage_status`` say where the status of the attestation and of the key store stands; neither
    has been looked up. ``provider_id`` is the institution that the certificate names. Times in seconds since the
    epoch.
    """

    attested_keys: tuple[VerificationKey, ...]
    key_storage: tuple[str, ...]
    user_authentication: tuple[str, ...]
    nonce: str | None
    iat: int
    exp: int | None
    provider_id: str
    certification: str | None
    unverified_status: StatusReference | None
    unverified_key_storage_status: MaintainedStatus | None

    @property
    def thumbprints(self) -> tuple[str, ...]:
        """The RFC 7638 thumbprints of the attested keys."""
        return tuple(key.kid for key in self.attested_keys)

    @property
    def holder_jwks(self) -> tuple[JsonObject, ...]:
        """The attested keys as public JWKs, for credentials to be bound to."""
        return tuple(public_jwk(key) for key in self.attested_keys)


def make_key_attestation(
    *,
    attested_jwks: Sequence[JsonObject],
    iat: int,
    exp: int | None,
    nonce: str | None,
    key_storage: Sequence[str],
    user_authentication: Sequence[str],
    signer: Signer,
    certification: str | None = None,
    status: StatusReference | None = None,
    key_storage_status: MaintainedStatus | None = None,
) -> str:
    """Return the attestation of public keys; a value that is None or empty is left out. Spec: App. D.1."""
    optional: JsonObject = {
        "exp": exp,
        "nonce": nonce,
        "key_storage": list(key_storage) or None,
        "user_authentication": list(user_authentication) or None,
        "certification": certification,
        "status": None if status is None else status.to_claim(),
        "key_storage_status": None if key_storage_status is None else key_storage_status.to_claim(),
    }
    said = {name: value for name, value in optional.items() if value is not None}
    return jws.sign(
        signing_header(TYP, signer), {"iat": iat, "attested_keys": list(attested_jwks), **said}, signer
    )


def verify_key_attestation(
    text: str, *, policy: AttestationPolicy, now: int, skew_s: int, allowed_algs: frozenset[str]
) -> VerifiedKeyAttestation:
    """Return what an attestation establishes, wherever it came from.

    Input is unverified. Raises Untrusted[key_attestation_invalid] with a reason, Malformed[limit_exceeded].
    Spec: App. D.1, D.2.
    """
    with told_as(CODE):
        # 1. form, typ and algorithm
        unverified = jws.split(
            text, KEY_ATTESTATION, allowed_algs=allowed_algs, tolerated_typ=policy.tolerated_typ
        )
        # 2. the provider, by its chain of certificates, and its signature
        provider = wallet_provider_key(
            jws.certificate_chain(unverified), trust=policy.trust, purpose=KeyPurpose.KEY_ATTESTATION, at=now
        )
        claims = jws.verify(unverified, provider.key)
        # 3. in its time
        iat = numeric_date(claims, "iat", required=True)
        check_times(claims, now=now, skew_s=skew_s)
        # 4. the keys, and how well they are kept
        return VerifiedKeyAttestation(
            attested_keys=_keys(claims, allowed_algs),
            key_storage=_levels(claims, "key_storage", policy.key_storage),
            user_authentication=_levels(claims, "user_authentication", policy.user_authentication),
            nonce=_nonce(claims),
            iat=iat,
            exp=numeric_date(claims, "exp", required=False),
            provider_id=provider.institution_id,
            certification=_certification(claims),
            unverified_status=status_reference(claims),
            unverified_key_storage_status=maintained_status(claims, "key_storage_status"),
        )


def verify_attestation_proof(
    text: str, *, policy: AttestationPolicy, now: int, skew_s: int, allowed_algs: frozenset[str]
) -> tuple[VerifiedKeyAttestation, str]:
    """Return what the one member of an ``attestation`` proof establishes, and its nonce, for the caller to redeem.

    Input is unverified. Raises as ``verify_key_attestation``. Spec: App. F.3.
    """
    attestation = verify_key_attestation(text, policy=policy, now=now, skew_s=skew_s, allowed_algs=allowed_algs)
    if attestation.nonce is None:
        raise _invalid("nonce_missing")
    return attestation, attestation.nonce


def verify_header_attestation(
    unverified_text: object, *, policy: AttestationPolicy, now: int, skew_s: int, allowed_algs: frozenset[str]
) -> VerifiedKeyAttestation:
    """Return what the ``key_attestation`` in the header of a ``jwt`` proof establishes: it has to say its end.

    Raises as ``verify_key_attestation``. Spec: App. D.1, F.1.
    """
    if not isinstance(unverified_text, str):
        raise _invalid("form")
    attestation = verify_key_attestation(
        unverified_text, policy=policy, now=now, skew_s=skew_s, allowed_algs=allowed_algs
    )
    if attestation.exp is None:
        raise _invalid("exp_missing")
    return attestation


def check_proof_key(attestation: VerifiedKeyAttestation, key: VerificationKey, policy: AttestationPolicy) -> None:
    """Require that a ``jwt`` proof is signed by an attested key, or by the first where the policy says so.

    Raises Untrusted[key_attestation_invalid]. Spec: App. D.1, TS3 v1.5 §2.2.2.2.
    """
    signers = attestation.thumbprints[:1] if policy.first_key_signs else attestation.thumbprints
    if key.kid not in signers:
        raise _invalid("proof_key")


def check_proof_nonce(attestation: VerifiedKeyAttestation, nonce: str, policy: AttestationPolicy) -> None:
    """Require that an attestation in a header is for the nonce of its proof; silence is for the policy to judge.

    Raises Untrusted[key_attestation_invalid]. Spec: App. F.1; TS3 v1.5 §2.2.2.2 asks for the proof's nonce only.
    """
    if attestation.nonce is None:
        if policy.own_nonce:
            raise _invalid("nonce_missing")
    elif attestation.nonce != nonce:
        raise _invalid("nonce")


def _keys(claims: JsonObject, allowed_algs: frozenset[str]) -> tuple[VerificationKey, ...]:
    jwks = claims.get("attested_keys")
    if not isinstance(jwks, list) or not 0 < len(jwks) <= MAX_KEYS:
        raise _invalid("attested_keys")
    keys = tuple(public_key_from_jwk(jwk, allowed_algs=allowed_algs) for jwk in jwks)
    if len({key.kid for key in keys}) != len(keys):
        raise _invalid("attested_keys_repeated")
    return keys


def _levels(claims: JsonObject, name: str, accepted: frozenset[str]) -> tuple[str, ...]:
    """Return the levels that a claim states, the best of which has to be good enough.

    A level counts when it is accepted by name, or ranks above one that is. Others are passed over, so that a
    wallet may state them beside one that is known. Spec: App. D.1, D.2, §12.2.4.
    """
    levels = claims.get(name, [])
    if not isinstance(levels, list) or len(levels) > MAX_LEVELS or (name in claims and not levels):
        raise _invalid(name)
    if not all(isinstance(level, str) for level in levels):
        raise _invalid(name)
    if accepted and not any(_suffices(level, accepted) for level in levels):
        raise _invalid(f"{name}_level")
    return tuple(levels)


def _suffices(level: str, accepted: frozenset[str]) -> bool:
    floor = min((_RANKS[each] for each in accepted if each in _RANKS), default=None)
    return level in accepted or (floor is not None and _RANKS.get(level, 0) >= floor)


def _nonce(claims: JsonObject) -> str | None:
    if "nonce" not in claims:
        return None
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise _invalid("nonce_form")
    return nonce


def _certification(claims: JsonObject) -> str | None:
    value = claims.get("certification")
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_CHARS):
        raise _invalid("certification")
    return value


def _invalid(reason: str) -> Untrusted:
    return Untrusted("key_attestation_invalid", spec=SPEC, reason=reason)
