"""The seal: ``PD1:`` and, in base45, a compressed COSE_Sign1 message with the claims of a CWT.

The header names the algorithm and the first eight bytes of the SHA-256 of the signer's certificate, and nothing
else: the certificate is found by them in what the reader holds. Described in docs/seal.md.
Spec: RFC 9052 §4.2, RFC 8392, RFC 9285, RFC 1950.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from portadoc.errors import Malformed, Refused
from portadoc.formats.cose import cose_sign1, strict_cbor
from portadoc.formats.cose.cose_sign1 import ALG, KID, CoseRole, UnverifiedCoseSign1
from portadoc.formats.cose.strict_cbor import Cbor, CborMap
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.visible_seal import base45
from portadoc.formats.visible_seal.one_spelling import OneSignature, check_signature_form, deflated, inflated
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import Json, JsonObject

SPEC: Final = "Seal"
PREFIX: Final = "PD1:"
KEY_ID_BYTES: Final = 8
LARGEST_PRINTED: Final = 1134
"""Characters of a QR code of version 22 at level M, alphanumeric: the largest that is printed. Spec: ISO 18004."""
LARGEST_READ: Final = 4296
"""Characters of the largest QR code that there is: nothing longer can have been scanned. Spec: ISO 18004."""
MAX_INFLATED: Final = 16 * 1024
ROLE: Final = CoseRole(
    "seal", typ="", max_bytes=MAX_INFLATED, protected=frozenset({ALG, KID}), unprotected=frozenset()
)

CONTENT: Final = -65537
CLAIM_LABELS: Final[Mapping[str, int]] = MappingProxyType(
    {"iss": 1, "exp": 4, "iat": 6, "status": 65535, "content": CONTENT}
)
"""The claims of a seal by their names in JWT; ``content`` is our own. Spec: RFC 8392 §4, Token Status List §6."""
_NAMES: Final[Mapping[int | str, str]] = MappingProxyType({label: name for name, label in CLAIM_LABELS.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class SealTerms:
    """What a seal says beside its content: who seals (institution id), from when, until when, its own status.

    ``iat`` and ``exp`` are seconds since the epoch. ``status`` is an entry of the seal's own: the same as that of
    a credential would tell whoever reads lists that the two belong together.
    """

    institution: str
    iat: int
    exp: int
    status: StatusReference


@dataclass(frozen=True, slots=True)
class UnverifiedSeal:
    """A seal whose form is in order and whose signature nobody has checked; ``key_id`` helps to find its key."""

    key_id: bytes
    unverified_message: UnverifiedCoseSign1


@dataclass(frozen=True, slots=True)
class SealClaims:
    """What a key signed: the claims around the content by their names in JWT, and the content by its labels.

    Nothing in it has been judged; a claim may be missing or be of another type.
    """

    envelope: JsonObject
    content: Json


def key_id_of(certificate: bytes) -> bytes:
    """Return how a seal names a signer's certificate (DER): the first eight bytes of its SHA-256."""
    return hashlib.sha256(certificate).digest()[:KEY_ID_BYTES]


def make_seal(content: Mapping[int, Any], terms: SealTerms, *, signer: Signer) -> str:
    """Return the text of a seal over ``content`` (see ``portadoc.schemas.seals``); the signer needs a certificate.

    Raises Refused[seal_too_large] when no printed QR code of version 22 at level M could hold it.
    """
    assert signer.chain, "a seal names the certificate of its key"
    claims: dict[int | str, Any] = {
        CLAIM_LABELS["iss"]: terms.institution,
        CLAIM_LABELS["exp"]: terms.exp,
        CLAIM_LABELS["iat"]: terms.iat,
        CLAIM_LABELS["status"]: terms.status.to_claim(),
        CONTENT: dict(content),
    }
    key_id = key_id_of(signer.chain[0])
    message = cose_sign1.sign_naming_key(claims, key_id=key_id, signer=OneSignature(signer))
    text = PREFIX + base45.encode(deflated(message))
    if len(text) > LARGEST_PRINTED or len(message) > MAX_INFLATED:
        raise Refused("seal_too_large", spec=SPEC, characters=len(text), limit=LARGEST_PRINTED)
    return text


def parse_seal(text: str, *, allowed_algs: frozenset[str]) -> UnverifiedSeal:
    """Return the parts of a seal so that its key can be found; nothing in it is verified yet.

    Input is from anybody. Raises Malformed[seal_malformed] (reason: prefix, compression, trailing, padding,
    encoding, key_id), [base45_invalid], [limit_exceeded], [cbor_malformed], [malformed_token],
    Untrusted[alg_not_allowed], [crit_unsupported], [header_param_forbidden]. Spec: docs/seal.md §3.
    """
    return read_header(read_message(text), allowed_algs=allowed_algs)


def read_message(text: str) -> bytes:
    """Return the message that a text carries. Raises as ``parse_seal``. Spec: docs/seal.md §3."""
    if len(text) > LARGEST_READ:
        raise Malformed("limit_exceeded", spec=SPEC, what="seal", limit=LARGEST_READ)
    if not text.startswith(PREFIX):
        raise _malformed("prefix")
    return inflated(base45.decode(text[len(PREFIX) :]), limit=MAX_INFLATED)


def read_header(message: bytes, *, allowed_algs: frozenset[str]) -> UnverifiedSeal:
    """Return a message with a header that a seal may have. Raises as ``parse_seal``. Spec: RFC 9052 §3."""
    unverified = cose_sign1.split(message, ROLE, allowed_algs=allowed_algs)
    if (
        strict_cbor.dumps(strict_cbor.loads(message, what=ROLE.name, tag=cose_sign1.TAG), tag=cose_sign1.TAG)
        != message
    ):
        raise _malformed("encoding")
    key_id = unverified.header.get(KID)
    if type(key_id) is not bytes or len(key_id) != KEY_ID_BYTES:
        raise _malformed("key_id")
    return UnverifiedSeal(key_id, unverified)


def verify_seal(unverified: UnverifiedSeal, *, key: VerificationKey) -> SealClaims:
    """Return the claims that ``key`` signed; the caller trusts it for seals already.

    Raises Untrusted[signature_invalid] with a reason, [alg_not_allowed], Malformed[seal_malformed] (reason: label,
    type), [cbor_malformed], [limit_exceeded]. Spec: RFC 9052 §4.4, RFC 8392 §7.2.
    """
    message = unverified.unverified_message
    check_signature_form(message.alg, message.signature)
    return _claims_in(cose_sign1.verify(message, key))


def unverified_claims(unverified: UnverifiedSeal) -> SealClaims:
    """Return the claims of a seal that the caller only shows. Raises as ``verify_seal``, but for the signature."""
    payload = unverified.unverified_message.payload
    return _claims_in(strict_cbor.loads_map(payload, what="payload", max_bytes=ROLE.max_bytes))


def _claims_in(claims: CborMap) -> SealClaims:
    if not _NAMES.keys() >= claims.keys():
        raise _malformed("label")
    _check_no_bytes(claims)
    envelope = {_NAMES[label]: value for label, value in claims.items() if label != CONTENT}
    return SealClaims(_json(envelope), claims.get(CONTENT))


def _check_no_bytes(value: Cbor) -> None:
    """Refuse byte strings: no claim of a seal is one, and no reader would know how to tell it."""
    if isinstance(value, bytes):
        raise _malformed("type")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_no_bytes(each)


def _json(value: Cbor) -> Json:
    """Return a claim around the content as JSON: names of members are texts."""
    if isinstance(value, dict):
        return {str(name): _json(each) for name, each in value.items()}
    return [_json(each) for each in value] if isinstance(value, list) else value


def _malformed(reason: str) -> Malformed:
    return Malformed("seal_malformed", spec=SPEC, reason=reason)
