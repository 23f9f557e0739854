"""The receipt: a signed record that somebody verified something, and what came of it, without personal data.

Whoever presented can keep it ("who checked me"); whoever verified can show that and how it was done. A commitment
ties it to one presentation in one session for those who know the nonce, and for nobody else. Described in
docs/trust-pack.md.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portadoc import base64url
from portadoc.days import read_day
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import RECEIPT
from portadoc.formats.sd_jwt.parse import parse
from portadoc.formats.visible_seal.seal import PREFIX, read_message
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.schemas.claims import JsonObject

SPEC: Final = "Receipt"
TYP: Final = "verification-receipt+jwt"
CODE: Final = "receipt_invalid"
MAX_CREDENTIALS: Final = 16
MAX_TEXT: Final = 256
_COMMITMENT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_WORD: Final = re.compile(r"[a-z0-9_-]{1,64}")
_STATUS_MEMBERS: Final = frozenset({"source", "as_of", "age_s"})
_CREDENTIAL_MEMBERS: Final = frozenset({"type", "issuer", "verdict", "status", "commitment"})
_MEMBERS: Final = frozenset(
    {"iss", "verifier", "iat", "purpose", "policy_version", "on_date", "work", "verdict", "colour", "credentials"}
)


@dataclass(frozen=True, slots=True)
class ReceiptStatus:
    """Where the status came from (a host, never an entry), as of when (epoch seconds) and how old it was."""

    source: str
    as_of: int
    age_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCredential:
    """One credential that was verified; what is not known is None.

    ``commitment`` is ``presentation_commitment`` of the session's nonce and the presentation.
    """

    type: str | None
    issuer: str | None
    verdict: str
    status: ReceiptStatus | None
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Who verified, when (``verified_at``, epoch seconds), for which purpose, by which policy, with what result.

    ``purpose`` is the id of the preset, ``policy_version`` the digest of its rules. ``on_date`` is the day that
    document and coverage were judged for; ``work`` tells whether some work in question was judged, never which.
    """

    verifier_id: str
    verifier_name: str
    verified_at: int
    purpose: str
    policy_version: str
    on_date: date
    work: bool
    verdict: str
    colour: str
    credentials: tuple[ReceiptCredential, ...]


@dataclass(frozen=True, slots=True)
class UnverifiedReceipt:
    """A receipt whose signature nobody has checked; ``unverified_at`` is when it says that it was made."""

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]
    unverified_at: int


def presentation_commitment(nonce: str, unverified_presentation: str) -> str:
    """Return base64url(SHA-256(nonce "." sd_hash)); ``sd_hash`` is that of a Key Binding JWT with SHA-256.

    Of a seal, which has no key binding, ``sd_hash`` is made in the same way from its whole text. A nonce of 256
    random bits hides the presentation from whoever does not know both. Raises Malformed[malformed_token] when the
    text is no SD-JWT, and as ``read_message`` for one that begins like a seal. Spec: RFC 9901 §4.3.1.
    """
    if unverified_presentation.startswith(PREFIX):
        read_message(unverified_presentation)
        presented = unverified_presentation
    else:
        presented = parse(unverified_presentation).presented_text
    sd_hash = base64url.encode(hashlib.sha256(presented.encode("ascii")).digest())
    return base64url.encode(hashlib.sha256(f"{nonce}.{sd_hash}".encode()).digest())


def make_receipt(receipt: Receipt, *, signer: Signer) -> str:
    """Return the signed receipt in compact form, with the signer's chain in ``x5c``.

    Raises Untrusted[receipt_invalid] for values that a reader would refuse.
    """
    content = _to_json(receipt)
    _from_json(content)
    return jws.sign(signing_header(TYP, signer), content, signer)


def parse_receipt(text: str, *, allowed_algs: frozenset[str]) -> UnverifiedReceipt:
    """Return the parts of a receipt so that its chain can be judged for the time that it names.

    Raises Untrusted[receipt_invalid] with the inner code as reason, Malformed[limit_exceeded].
    """
    with told_as(CODE):
        unverified = jws.split(text, RECEIPT, allowed_algs=allowed_algs)
        said = numeric_date(jws.unverified_claims(text), "iat", required=True)
        return UnverifiedReceipt(unverified, jws.certificate_chain(unverified), said)


def verify_receipt(unverified: UnverifiedReceipt, *, trusted: TrustedKey) -> Receipt:
    """Return the receipt that a trusted verifier signed. Raises Untrusted[receipt_invalid] with a reason."""
    with told_as(CODE):
        receipt = _from_json(jws.verify(unverified.unverified_jws, trusted.key))
        if receipt.verifier_id != trusted.institution_id:
            raise _invalid("verifier_mismatch")
        return receipt


def check_commitment(receipt: Receipt, *, nonce: str, unverified_presentation: str) -> ReceiptCredential:
    """Return the entry of the receipt that is about this presentation in the session of this nonce.

    Raises Untrusted[receipt_invalid] (reason ``commitment_mismatch``), Malformed[malformed_token].
    """
    expected = presentation_commitment(nonce, unverified_presentation)
    for credential in receipt.credentials:
        if hmac.compare_digest(credential.commitment, expected):
            return credential
    raise _invalid("commitment_mismatch")


def _to_json(receipt: Receipt) -> JsonObject:
    return {
        "iss": receipt.verifier_id,
        "verifier": receipt.verifier_name,
        "iat": receipt.verified_at,
        "purpose": receipt.purpose,
        "policy_version": receipt.policy_version,
        "on_date": receipt.on_date.isoformat(),
        "work": receipt.work,
        "verdict": receipt.verdict,
        "colour": receipt.colour,
        "credentials": [_credential_to_json(each) for each in receipt.credentials],
    }


def _credential_to_json(credential: ReceiptCredential) -> JsonObject:
    status = credential.status
    told = status and {"source": status.source, "as_of": status.as_of, "age_s": status.age_s}
    return {
        "type": credential.type,
        "issuer": credential.issuer,
        "verdict": credential.verdict,
        "status": told,
        "commitment": credential.commitment,
    }


def _from_json(members: JsonObject) -> Receipt:
    if members.keys() != _MEMBERS:
        raise _invalid("members")
    credentials = members["credentials"]
    if not isinstance(credentials, list):
        raise _invalid("credentials")
    if len(credentials) > MAX_CREDENTIALS:
        raise Malformed("limit_exceeded", spec=SPEC, what="receipt", limit=MAX_CREDENTIALS)
    return Receipt(
        verifier_id=_text(members, "iss"),
        verifier_name=_text(members, "verifier"),
        verified_at=numeric_date(members, "iat", required=True),
        purpose=_word(members, "purpose"),
        policy_version=_text(members, "policy_version"),
        on_date=_day(members, "on_date"),
        work=_flag(members, "work"),
        verdict=_word(members, "verdict"),
        colour=_word(members, "colour"),
        credentials=tuple(map(_credential, credentials)),
    )


def _credential(value: Any) -> ReceiptCredential:
    if not isinstance(value, dict) or value.keys() != _CREDENTIAL_MEMBERS:
        raise _invalid("credentials")
    commitment = _text(value, "commitment")
    if not _COMMITMENT.fullmatch(commitment):
        raise _invalid("commitment")
    return ReceiptCredential(
        type=None if value["type"] is None else _text(value, "type"),
        issuer=None if value["issuer"] is None else _text(value, "issuer"),
        verdict=_word(value, "verdict"),
        status=None if value["status"] is None else _status(value["status"]),
        commitment=commitment,
    )


def _status(value: Any) -> ReceiptStatus:
    if not isinstance(value, dict) or value.keys() != _STATUS_MEMBERS:
        raise _invalid("status")
    as_of, age_s = (numeric_date(value, name, required=True) for name in ("as_of", "age_s"))
    return ReceiptStatus(_text(value, "source"), as_of, age_s)


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise _invalid(name)
    return value


def _word(members: Mapping[str, Any], name: str) -> str:
    value = _text(members, name)
    if not _WORD.fullmatch(value):
        raise _invalid(name)
    return value


def _day(members: Mapping[str, Any], name: str) -> date:
    try:
        return read_day(_text(members, name))
    except ValueError as exc:
        raise _invalid(name) from exc


def _flag(members: Mapping[str, Any], name: str) -> bool:
    value = members[name]
    if not isinstance(value, bool):
        raise _invalid(name)
    return value


def _invalid(reason: str) -> Untrusted:
    return Untrusted(CODE, spec=SPEC, reason=reason)
