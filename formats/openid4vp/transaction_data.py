"""Transaction data: what a holder acknowledges with the same signature that presents a credential.

Each item travels as base64url text of a JSON object, and the holder's key binding carries a hash over that text.
Only types that are known here are ever shown or signed. Spec: OpenID4VP 1.0 §5.1, §8.4, Appendix B.3.3.1.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.sd_jwt.digests import DEFAULT_HASH_ALG
from portadoc.schemas.claims import JsonObject

SPEC: Final = "OpenID4VP 1.0 §8.4"
INSPECTION: Final = "urn:portadoc:inspection:1"
MAX_ITEMS: Final = 8
MAX_TEXT_CHARS: Final = 8 * 1024
_COMMON: Final = frozenset({"type", "credential_ids", "transaction_data_hashes_alg"})


@dataclass(frozen=True, slots=True)
class TransactionType:
    """A type of transaction data: its members, all texts, with the most characters each may have."""

    id: str
    required: Mapping[str, int]
    optional: Mapping[str, int]


TRANSACTION_TYPES: Final[Mapping[str, TransactionType]] = MappingProxyType(
    {
        INSPECTION: TransactionType(
            INSPECTION,
            required={"site": 200, "verifier": 200, "purpose": 400},
            optional={"reference": 100, "inspected_at": 40},
        )
    }
)
"""What a holder may be asked to acknowledge.

``INSPECTION``: that a check took place: at which site, by which verifier, for which purpose.
"""


@dataclass(frozen=True, slots=True)
class TransactionData:
    """One item as read. ``text`` is the base64url text as it travelled, ``details`` the members of its type."""

    text: str
    type: str
    credential_ids: tuple[str, ...]
    details: Mapping[str, str]


def make_transaction_data(type_id: str, details: Mapping[str, str], *, credential_id: str) -> str:
    """Return the text of one item that the credential ``credential_id`` of the query is to acknowledge.

    One credential and no more, so that it is settled which key binding has to carry the hash.
    Raises Untrusted[transaction_data_invalid] with a reason for what no wallet would accept.
    """
    item = {"type": type_id, "credential_ids": [credential_id], "transaction_data_hashes_alg": [DEFAULT_HASH_ALG]}
    text = base64url.encode(strict_json.dumps({**details, **item}))
    return read_transaction_data(text, query_ids=(credential_id,)).text


def read_all(texts: object, *, query_ids: Collection[str]) -> tuple[TransactionData, ...]:
    """Return the items of a request; ``texts`` is the member as received.

    Raises Untrusted[transaction_data_invalid] as ``read_transaction_data``, Malformed[limit_exceeded].
    """
    if not isinstance(texts, list) or not texts:
        raise _invalid("form")
    if len(texts) > MAX_ITEMS:
        raise Malformed("limit_exceeded", spec=SPEC, what="transaction_data", limit=MAX_ITEMS)
    return tuple(read_transaction_data(text, query_ids=query_ids) for text in texts)


def read_transaction_data(text: object, *, query_ids: Collection[str]) -> TransactionData:
    """Return one item of a known type whose every member is in order; ``query_ids`` are those of the request.

    Raises Untrusted[transaction_data_invalid] with a reason: ``form``, ``type_unknown``, ``member_unknown``,
    ``member_missing``, ``member_form``, ``credential_ids``, ``hash_alg``. Spec: OpenID4VP 1.0 §5.1, §8.5.
    """
    item = _object(text)
    kind = TRANSACTION_TYPES.get(item["type"]) if isinstance(item.get("type"), str) else None
    if kind is None:
        raise _invalid("type_unknown")
    details = {name: value for name, value in item.items() if name not in _COMMON}
    _check_details(kind, details)
    _check_hash_algs(item.get("transaction_data_hashes_alg", [DEFAULT_HASH_ALG]))
    return TransactionData(
        text=str(text),
        type=kind.id,
        credential_ids=_credential_ids(item.get("credential_ids"), query_ids),
        details=MappingProxyType(details),
    )


def assign(items: Sequence[TransactionData], presented_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each query id that acknowledges something, the texts to hash, in the order of the request.

    Every item goes to the first of its credentials that is presented.
    Raises Untrusted[transaction_data_invalid] (``credential_not_presented``) when there is none. Spec: §5.1.
    """
    assigned: dict[str, tuple[str, ...]] = {}
    for item in items:
        chosen = next((name for name in item.credential_ids if name in presented_ids), None)
        if chosen is None:
            raise _invalid("credential_not_presented")
        assigned[chosen] = (*assigned.get(chosen, ()), item.text)
    return assigned


def _object(text: object) -> JsonObject:
    if not isinstance(text, str):
        raise _invalid("form")
    if len(text) > MAX_TEXT_CHARS:
        raise Malformed("limit_exceeded", spec=SPEC, what="transaction_data", limit=MAX_TEXT_CHARS)
    try:
        return strict_json.loads_object(base64url.decode(text, what="transaction_data"), what="transaction_data")
    except Malformed as exc:
        raise _invalid("form") from exc


def _check_details(kind: TransactionType, details: Mapping[str, Any]) -> None:
    allowed = {**kind.required, **kind.optional}
    if not allowed.keys() >= details.keys():
        raise _invalid("member_unknown")
    if not kind.required.keys() <= details.keys():
        raise _invalid("member_missing")
    for name, value in details.items():
        if not isinstance(value, str) or not 0 < len(value) <= allowed[name] or not value.isprintable():
            raise _invalid("member_form")


def _credential_ids(value: Any, query_ids: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(name in query_ids for name in map(str, value)):
        raise _invalid("credential_ids")
    return tuple(map(str, value))


def _check_hash_algs(offered: Any) -> None:
    """Require that the function that everybody has is among those on offer. Spec: OpenID4VP 1.0 §B.3.3.1."""
    if not isinstance(offered, list) or DEFAULT_HASH_ALG not in offered:
        raise _invalid("hash_alg")


def _invalid(reason: str) -> Untrusted:
    return Untrusted("transaction_data_invalid", spec=SPEC, reason=reason)
