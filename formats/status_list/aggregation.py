"""Status List Aggregation: the addresses of all lists of an issuer, so that they are fetched before anybody asks.

The document is not signed. So it says where to look and never what to believe: each list found there is verified
as any other, and only addresses at the aggregation's own origin are taken, lest it send us calling elsewhere.
Spec: draft-ietf-oauth-status-list-20 §9.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.status_list.statuses import uri_text
from portadoc.schemas.claims import JsonObject

MEDIA_TYPE: Final = "application/json"
MAX_BYTES: Final = 1024 * 1024
_SPEC: Final = "Token Status List §9.3"


@dataclass(frozen=True, slots=True)
class UnsignedAggregation:
    """The status list addresses that stand in an aggregation, each once, and how many others were left out."""

    status_lists: tuple[str, ...]
    elsewhere: int


def aggregation_to_json(uris: Iterable[str]) -> JsonObject:
    """Return the document that names the lists. Spec: §9.3."""
    return {"status_lists": list(uris)}


def parse_aggregation(raw: bytes, *, uri: str, max_lists: int) -> UnsignedAggregation:
    """Return the lists named by the document that came from ``uri``; members we do not know are ignored.

    Input is unverified. Raises Malformed[json_malformed], [limit_exceeded], Untrusted[status_invalid] (reason
    ``aggregation_form``, ``uri_form``). Spec: §9.3.
    """
    named = strict_json.loads_object(raw, what="aggregation", max_bytes=MAX_BYTES).get("status_lists")
    if not isinstance(named, list):
        raise Untrusted("status_invalid", spec=_SPEC, reason="aggregation_form")
    if len(named) > max_lists:
        raise Malformed("limit_exceeded", spec=_SPEC, what="aggregation", limit=max_lists)
    distinct = tuple(dict.fromkeys(uri_text(each) for each in named))
    here = tuple(each for each in distinct if _origin(each) == _origin(uri))
    return UnsignedAggregation(here, len(distinct) - len(here))


def _origin(uri: str) -> tuple[str, str]:
    """Return scheme and authority as written; two spellings of one origin count as two.

    Raises Untrusted[status_invalid] (``uri_form``).
    """
    try:
        parts = urlsplit(uri)
    except ValueError as exc:
        raise Untrusted("status_invalid", spec=_SPEC, reason="uri_form") from exc
    return parts.scheme, parts.netloc
