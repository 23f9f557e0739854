"""From the fields of a preset to the DCQL query that a wallet gets. Spec: OpenID4VP 1.0 §6."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from portadoc.formats.dcql.query import SD_JWT_VC
from portadoc.schemas.claims import ClaimPattern, JsonObject
from portadoc.schemas.projections import PROJECTIONS
from portadoc.verification.presets.fields import fields

_QUERY_IDS: Final[Mapping[str, Mapping[str, str]]] = {
    "pda1": {"a1": "urn:eudi:pda1:1", "a1-full-form": "eu.we-build.pda1.1"},
    "ehic": {"ehic": "urn:eudi:ehic:1"},
    "pid": {"pid": "urn:eudi:pid:1"},
}
"""The credential queries by kind of attestation: one for each type, the type that most wallets hold first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of one kind of attestation: field ids that are needed, and others where they are there.

    Of ``one_of``, where there are any, one at least has to be among those others. ``first`` is the layout whose
    type the wallet should rather present, where it has both.
    """

    needed: tuple[str, ...]
    where_there: tuple[str, ...]
    optional: bool
    first: str | None
    one_of: tuple[str, ...] = ()


def query_of(attestations: Mapping[str, Asked]) -> JsonObject:
    """Return the query: for each kind of attestation one of its types, each in any of its layouts."""
    credentials = [
        _credential(query_id, vct, asked)
        for kind, asked in attestations.items()
        for query_id, vct in _QUERY_IDS[kind].items()
    ]
    if all(len(_QUERY_IDS[kind]) == 1 and not asked.optional for kind, asked in attestations.items()):
        return {"credentials": credentials}
    return {"credentials": credentials, "credential_sets": [_one_of(*item) for item in attestations.items()]}


def _one_of(kind: str, asked: Asked) -> JsonObject:
    first = None if asked.first is None else PROJECTIONS[asked.first].vct
    ids = sorted(_QUERY_IDS[kind], key=lambda query_id: _QUERY_IDS[kind][query_id] != first)
    options: JsonObject = {"options": [[query_id] for query_id in ids]}
    return {**options, "required": False} if asked.optional else options


def _credential(query_id: str, vct: str, asked: Asked) -> JsonObject:
    """Return a credential query: the claims of all layouts of the type, and a claim set for each way to answer."""
    ways = [way for layout in PROJECTIONS.values() if layout.vct == vct for way in _ways(layout.id, asked)]
    claims = {name: pattern for way in ways for name, pattern in way.items()}
    query: dict[str, Any] = {
        "id": query_id,
        "format": SD_JWT_VC,
        "meta": {"vct_values": [vct]},
        "claims": [{"id": name, "path": list(pattern)} for name, pattern in claims.items()],
    }
    claim_sets = list(dict.fromkeys(tuple(way) for way in ways))
    if len(claim_sets) > 1:
        query["claim_sets"] = [list(names) for names in claim_sets]
    return query


def _ways(layout: str, asked: Asked) -> Iterator[Mapping[str, ClaimPattern]]:
    """Yield the combinations of claims that answer in one layout, the fullest first."""
    extras = [name for name in asked.where_there if layout in fields()[name].claims]
    for count in range(len(extras), -1, -1):
        for chosen in combinations(extras, count):
            if not asked.one_of or not set(asked.one_of).isdisjoint(chosen):
                yield _claims(layout, (*asked.needed, *chosen))


def _claims(layout: str, names: Sequence[str]) -> Mapping[str, ClaimPattern]:
    patterns = (pattern for name in names for pattern in fields()[name].claims.get(layout, ()))
    return {"-".join("each" if step is None else str(step) for step in pattern): pattern for pattern in patterns}
