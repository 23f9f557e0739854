"""The questions that a verifier asks: each a DCQL query and the rules by which its answer is judged.

They are written in ``presets.toml``, beside the table of who may see what. A preset asks for what its purpose
needs and for nothing else; what arrives beyond that is dropped before storage.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from portadoc import base64url
from portadoc.errors import Refused
from portadoc.schemas.claims import JsonObject
from portadoc.verification.presets.fields import table
from portadoc.verification.presets.queries import Asked, query_of

_MATCHED: Final = "matched"
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
            "query": _without_values(self.query),
            "same_holder": self.same_holder,
            "same_person": self.same_person,
            "status_required": self.status_required,
        }
        canonical = json.dumps(deciding, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return base64url.encode(hashlib.sha256(canonical.encode("utf-8")).digest())

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types of attestation that it asks for, each once."""
        named = (vct for wanted in self.query["credentials"] for vct in wanted["meta"]["vct_values"])
        return tuple(dict.fromkeys(named))

    def limited_to(self, registered_types: Collection[str]) -> Self:
        """Return the question without the alternatives that need a type outside ``registered_types``.

        Only what is optional, or has another alternative left, is dropped: what still asks for another type
        cannot be asked. Nothing dropped gives the same question. Spec: OpenID4VP 1.0 §6.2, ARF RPRC_21.
        """
        foreign = {
            wanted["id"]
            for wanted in self.query["credentials"]
            if not set(registered_types).issuperset(wanted["meta"]["vct_values"])
        }
        asked_sets = self.query.get("credential_sets")
        if not foreign or asked_sets is None:
            return self
        sets = [found for each in asked_sets if (found := _without_options(each, foreign)) is not None]
        kept = {query_id for each in sets for option in each["options"] for query_id in option}
        query = {**self.query, "credential_sets": sets}
        query["credentials"] = [wanted for wanted in self.query["credentials"] if wanted["id"] in kept]
        return replace(self, query=query)


def _without_options(credential_set: JsonObject, foreign: Collection[str]) -> JsonObject | None:
    """Return a set without the options that hold a foreign query; whole where it is required and none is left."""
    left = [option for option in credential_set["options"] if not set(option) & set(foreign)]
    if left:
        return {**credential_set, "options": left}
    return credential_set if credential_set.get("required", True) else None


def _without_values(part: Any) -> Any:
    """Return a query as it may be digested: that values are matched, not which; those of claims can be guessed."""
    if isinstance(part, dict):
        own = "path" in part  # a claims query; the values of an authority are no claim's
        return {
            name: _MATCHED if own and name == "values" else _without_values(each) for name, each in part.items()
        }
    return list(map(_without_values, part)) if isinstance(part, list) else part


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
        one_of=tuple(row.get("one_of", ())),
    )


PRESETS: Final[Mapping[str, Preset]] = {id_: _preset(id_, row) for id_, row in table("presets").items()}


def preset(preset_id: str) -> Preset:
    """Return a preset by id. Raises Refused[preset_unknown]."""
    found = PRESETS.get(preset_id)
    if found is None:
        raise Refused("preset_unknown", known=", ".join(PRESETS))
    return found
