"""The questions that a verifier asks: each a DCQL query and the rules by which its answer is judged.

They are written in ``presets.toml``, beside the table of who may see what. A preset asks for what its purpose
needs and for nothing else; what arrives beyond that is dropped before storage.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Refused
from portadoc.schemas.claims import JsonObject
from portadoc.verification.presets.fields import table
from portadoc.verification.presets.queries import Asked, query_of

_ATTESTATIONS: Final = ("pda1", "ehic", "pid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A question, and the rules that its answer is judged by.

    ``status_required`` refuses a credential that names no status list. That nothing was withdrawn is believed of a
    list up to ``max_status_age_s`` old, without a bound until it ends. ``same_holder`` asks that all credentials
    of one answer are bound to one key; ``same_person`` that they speak of one person. ``purpose`` is None for a
    query that nobody has tied to a purpose; ``title`` is by language.
    """

    id: str
    query: JsonObject
    status_required: bool = True
    same_holder: bool = False
    same_person: bool = False
    max_status_age_s: int | None = None
    purpose: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    legal_basis: str = ""

    @property
    def version(self) -> str:
        """Return the digest of everything that decides: the query and the rules. Titles do not."""
        deciding = {
            "id": self.id,
            "max_status_age_s": self.max_status_age_s,
            "purpose": self.purpose,
            "query": self.query,
            "same_holder": self.same_holder,
            "same_person": self.same_person,
            "status_required": self.status_required,
        }
        canonical = json.dumps(deciding, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return base64url.encode(hashlib.sha256(canonical.encode("utf-8")).digest())


def _preset(id_: str, row: Mapping[str, Any]) -> Preset:
    return Preset(
        id=id_,
        query=query_of({kind: _asked(row[kind]) for kind in _ATTESTATIONS if kind in row}),
        same_person=row.get("same_person", False),
        max_status_age_s=row["max_status_age_s"],
        purpose=row["purpose"],
        title={"en": row["en"], "fr": row["fr"]},
        legal_basis=row["legal_basis"],
    )


def _asked(row: Mapping[str, Any]) -> Asked:
    return Asked(
        needed=tuple(row["asks"]),
        where_there=tuple(row.get("where_there", ())),
        optional=row.get("optional", False),
        first=row.get("first"),
    )


PRESETS: Final[Mapping[str, Preset]] = {id_: _preset(id_, row) for id_, row in table("presets").items()}


def preset(preset_id: str) -> Preset:
    """Return a preset by id. Raises Refused[preset_unknown]."""
    found = PRESETS.get(preset_id)
    if found is None:
        raise Refused("preset_unknown", known=", ".join(PRESETS))
    return found
