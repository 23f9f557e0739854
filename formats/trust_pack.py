"""The trust pack: one signed file with all that is needed to judge a credential where there is no network.

A COSE_Sign1 message, so that the lists, compressed already, travel as the bytes that they are; its payload
is zlib-compressed CBOR of a JSON text and the lists. The status and withdrawal lists inside stay signed by their
issuers and are believed anew by whoever judges from the pack. Described in docs/trust-pack.md.
"""

import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.cose import cose_sign1, strict_cbor
from portadoc.formats.cose.cose_sign1 import CoseRole, UnverifiedCoseSign1
from portadoc.formats.numeric_date import numeric_date
from portadoc.formats.reasons import told_as
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.keys.trust.trust_store import TrustedKey, TrustStore
from portadoc.schemas.claims import JsonObject

SPEC: Final = "Trust pack"
MEDIA_TYPE: Final = "application/trust-pack+cose"
CODE: Final = "trust_pack_invalid"
ROLE: Final = CoseRole("trust_pack", MEDIA_TYPE, max_bytes=8 * 1024 * 1024)
MAX_INFLATED: Final = 10 * 1024 * 1024
MAX_LISTS: Final = 512
MAX_TYPES: Final = 64
MAX_SIGNERS: Final = 1024
MAX_CHAIN: Final = 4
MAX_SEQUENCE: Final = 2**53 - 1
MAX_LIFETIME_S: Final = 31 * 86_400
_MEMBERS: Final = frozenset(
    {"iss", "sequence", "as_of", "exp", "trust", "signer_certificates", "type_metadata"}
    | {"status_lists", "withdrawal_lists"}
)
_FORMS: Final = ("jwt", "cwt")


@dataclass(frozen=True, slots=True)
class PackedList:
    """A signed list as it was fetched at ``resolved_at`` (epoch seconds); bytes are its CWT form.

    ``uri`` is that of the status list; a withdrawal list goes by the status list that it belongs to.
    """

    uri: str
    unverified_token: str | bytes = field(repr=False)
    resolved_at: int

    @property
    def form(self) -> str:
        """Return ``jwt`` or ``cwt``."""
        return "jwt" if isinstance(self.unverified_token, str) else "cwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPack:
    """What an operator vouches for from ``as_of`` until before ``exp`` (epoch seconds), 31 days at most.

    ``operator`` is the institution whose certificate signs. ``signer_chains`` (DER, leaf first, anchor left out)
    are those of signers whose products carry no certificate. ``type_metadata`` holds each document by ``vct``,
    letter by letter as it is served. Raises Untrusted[trust_pack_invalid] for values that no pack may have.
    """

    operator: str
    sequence: int
    as_of: int
    exp: int
    trust: TrustStore
    signer_chains: tuple[tuple[bytes, ...], ...] = ()
    type_metadata: Mapping[str, str] = field(default_factory=dict)
    status_lists: tuple[PackedList, ...] = ()
    withdrawal_lists: tuple[PackedList, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.sequence <= MAX_SEQUENCE:
            raise _invalid("sequence")
        if not 0 <= self.as_of < self.exp:
            raise _invalid("times")
        if self.exp - self.as_of > MAX_LIFETIME_S:
            raise _invalid("lifetime")
        for lists in (self.status_lists, self.withdrawal_lists):
            if len({each.uri for each in lists}) != len(lists):
                raise _invalid("list_twice")
            if any(each.resolved_at > self.as_of for each in lists):
                raise _invalid("resolved_later")


@dataclass(frozen=True, slots=True)
class UnverifiedTrustPack:
    """A pack whose signature nobody has checked; the chain is DER, leaf first."""

    unverified_message: UnverifiedCoseSign1
    unverified_chain: tuple[bytes, ...]


def make_trust_pack(pack: TrustPack, *, signer: Signer) -> bytes:
    """Return the signed pack, with the signer's chain in ``x5chain``.

    Raises Malformed[limit_exceeded] when the pack is larger than a reader takes.
    """
    lists = (*pack.status_lists, *pack.withdrawal_lists)
    content = strict_cbor.dumps({"pack": strict_json.dumps(_to_json(pack)), "tokens": list(map(_bytes, lists))})
    _check_size(len(content), MAX_INFLATED)
    message = cose_sign1.sign_payload(zlib.compress(content, 9), typ=ROLE.typ, signer=signer)
    _check_size(len(message), ROLE.max_bytes)
    return message


def parse_trust_pack(message: bytes, *, allowed_algs: frozenset[str]) -> UnverifiedTrustPack:
    """Return the parts of a pack so that its chain can be judged; nothing in it is verified or inflated yet.

    Raises Untrusted[trust_pack_invalid] with the inner code as reason, Malformed[limit_exceeded].
    """
    with told_as(CODE):
        unverified = cose_sign1.split(message, ROLE, allowed_algs=allowed_algs)
        return UnverifiedTrustPack(unverified, cose_sign1.certificate_chain(unverified))


def unverified_content(unverified: UnverifiedTrustPack) -> JsonObject:
    """Return the JSON of a pack that the caller verified before, or only shows.

    Raises Untrusted[trust_pack_invalid] with a reason, Malformed[limit_exceeded].
    """
    with told_as(CODE):
        members, _ = _content(_inflated(unverified.unverified_message.payload))
        return members


def verify_trust_pack(unverified: UnverifiedTrustPack, *, trusted: TrustedKey) -> TrustPack:
    """Return the pack that a trusted operator signed; whether it is in force is for the caller to judge.

    Raises Untrusted[trust_pack_invalid] with a reason, Malformed[limit_exceeded].
    """
    with told_as(CODE):
        # 1. the signature, before a byte is inflated
        compressed = cose_sign1.verified_payload(unverified.unverified_message, trusted.key)
        # 2. one zlib stream and nothing behind it, within bounds
        content = _inflated(compressed)
        # 3. CBOR and JSON with one reading, and exactly the members that a pack has
        pack = _from_content(*_content(content))
        # 4. the operator that it names is the one that signed
        if pack.operator != trusted.institution_id:
            raise _invalid("operator_mismatch")
        return pack


def _to_json(pack: TrustPack) -> JsonObject:
    return {
        "iss": pack.operator,
        "sequence": pack.sequence,
        "as_of": pack.as_of,
        "exp": pack.exp,
        "trust": trust_to_json(pack.trust),
        "signer_certificates": [list(map(_standard_base64, chain)) for chain in pack.signer_chains],
        "type_metadata": dict(pack.type_metadata),
        "status_lists": list(map(_list_to_json, pack.status_lists)),
        "withdrawal_lists": list(map(_list_to_json, pack.withdrawal_lists)),
    }


def _list_to_json(packed: PackedList) -> JsonObject:
    return {"uri": packed.uri, "form": packed.form, "resolved_at": packed.resolved_at}


def _bytes(packed: PackedList) -> bytes:
    token = packed.unverified_token
    return token.encode("ascii") if isinstance(token, str) else token


def _standard_base64(der: bytes) -> str:
    return binascii.b2a_base64(der, newline=False).decode("ascii")


def _inflated(compressed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(compressed, MAX_INFLATED + 1)
    except zlib.error as exc:
        raise _invalid("compression") from exc
    _check_size(len(content), MAX_INFLATED)
    if not stream.eof or stream.unused_data:
        raise _invalid("compression")
    return content


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise Malformed("limit_exceeded", spec=SPEC, what="trust pack", limit=limit)


def _content(content: bytes) -> tuple[JsonObject, Any]:
    """Return the JSON of a pack, and what stands where the tokens should."""
    entries = strict_cbor.loads_map(content, what="trust pack", max_bytes=MAX_INFLATED)
    if entries.keys() != {"pack", "tokens"} or type(entries["pack"]) is not bytes:
        raise _invalid("content")
    return strict_json.loads_object(entries["pack"], what="trust pack", max_bytes=MAX_INFLATED), entries["tokens"]


def _from_content(members: JsonObject, tokens: Any) -> TrustPack:
    if members.keys() != _MEMBERS:
        raise _invalid("members")
    status_lists, withdrawal_lists = _lists(members, tokens)
    return TrustPack(
        operator=_text(members["iss"], "iss"),
        sequence=_number(members["sequence"]),
        as_of=numeric_date(members, "as_of", required=True),
        exp=numeric_date(members, "exp", required=True),
        trust=_trust(members["trust"]),
        signer_chains=tuple(map(_chain, _array(members["signer_certificates"], "signers", MAX_SIGNERS))),
        type_metadata=_documents(members["type_metadata"]),
        status_lists=status_lists,
        withdrawal_lists=withdrawal_lists,
    )


def _lists(members: JsonObject, unread: Any) -> tuple[tuple[PackedList, ...], tuple[PackedList, ...]]:
    """Return both kinds of lists; their tokens stand in one row, in the order in which they are named."""
    named = _array(members["status_lists"], "status_lists", MAX_LISTS)
    withdrawals = _array(members["withdrawal_lists"], "withdrawal_lists", MAX_LISTS)
    tokens = _array(unread, "tokens", 2 * MAX_LISTS)
    if len(tokens) != len(named) + len(withdrawals):
        raise _invalid("tokens")
    lists = tuple(map(_list, (*named, *withdrawals), tokens))
    return lists[: len(named)], lists[len(named) :]


def _trust(value: Any) -> TrustStore:
    try:
        return trust_from_json(value)
    except Misconfigured as exc:
        raise _invalid("trust") from exc


def _chain(value: Any) -> tuple[bytes, ...]:
    chain = _array(value, "signers", MAX_CHAIN)
    if not chain:
        raise _invalid("signers")
    return tuple(map(_der, chain))


def _der(value: Any) -> bytes:
    text = _text(value, "signers")
    try:
        der = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as exc:  # not base64, or letters beyond ASCII
        raise _invalid("signers") from exc
    if _standard_base64(der) != text:
        raise _invalid("signers")
    return der


def _documents(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_TYPES:
        raise _invalid("type_metadata")
    return {vct: _text(document, "type_metadata") for vct, document in value.items()}


def _list(value: Any, token: Any) -> PackedList:
    if not isinstance(value, dict) or value.keys() != {"uri", "form", "resolved_at"}:
        raise _invalid("list_members")
    if value["form"] not in _FORMS or type(token) is not bytes or not (value["form"] == "cwt" or token.isascii()):
        raise _invalid("list_form")
    unverified = token if value["form"] == "cwt" else token.decode("ascii")
    return PackedList(
        _text(value["uri"], "list_uri"), unverified, numeric_date(value, "resolved_at", required=True)
    )


def _array(value: Any, what: str, limit: int) -> Sequence[Any]:
    if not isinstance(value, list):
        raise _invalid(what)
    if len(value) > limit:
        raise Malformed("limit_exceeded", spec=SPEC, what=what, limit=limit)
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(what)
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise _invalid("sequence")
    return value


def _invalid(reason: str) -> Untrusted:
    return Untrusted(CODE, spec=SPEC, reason=reason)
