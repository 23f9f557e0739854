"""Does a query ask for more than its purpose? For our presets and for queries that institutions send themselves.

A finding is a warning to the institution, never a refusal: its law may allow it what the table does not.
Spec: GDPR Art. 5(1)(c); ARF RPRC_21; common rulebook §4.1
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Param
from portadoc.formats.dcql.paths import spell
from portadoc.formats.dcql.query import ClaimQuery, CredentialQuery, DcqlQuery, parse_query
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.projections import Projection
from portadoc.verification.presets.fields import columns_of, layouts_of
from portadoc.verification.presets.purposes import COLUMNS, Permission, Purpose, purpose

_CODES: Final[Mapping[Permission, str]] = {
    Permission.NO: "purpose_exceeded",
    Permission.ON_REQUEST: "purpose_needs_reason",
    Permission.MATCH_ONLY: "purpose_match_only",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a query asks beyond its purpose; ``code`` and ``params`` select and fill its sentence."""

    code: str
    query: str
    claim: str = ""
    column: str = ""

    @property
    def params(self) -> Mapping[str, Param]:
        """Return what fills the sentence."""
        titles = COLUMNS.get(self.column, {})
        return {"query": self.query, "claim": self.claim, "column": titles.get("en", self.column)}

    def params_in(self, language: str) -> Mapping[str, Param]:
        """Return what fills the sentence, the column named in the reader's language."""
        return {**self.params, "column": COLUMNS.get(self.column, {}).get(language, self.column)}


def lint(query: JsonObject, purpose_id: str) -> tuple[Finding, ...]:
    """Return what a DCQL query asks beyond a purpose; nothing when it stays within.

    Raises Refused[purpose_unknown], Malformed[query_malformed], Malformed[limit_exceeded].
    """
    asked, asker = parse_query(query), purpose(purpose_id)
    return tuple(dict.fromkeys(_findings(asked, asker)))


def _findings(query: DcqlQuery, asker: Purpose) -> Iterator[Finding]:
    for wanted in query.credentials:
        layouts = [layout for vct in wanted.vct_values for layout in layouts_of(vct)]
        if not layouts or any(not layouts_of(vct) for vct in wanted.vct_values):
            yield Finding("purpose_type_unknown", wanted.id)
        elif not asker.attestations.issuperset(layout.kind for layout in layouts):
            yield Finding("purpose_attestation_unfit", wanted.id)
        else:
            yield from _of_credential(wanted, layouts, asker)


def _of_credential(wanted: CredentialQuery, layouts: list[Projection], asker: Purpose) -> Iterator[Finding]:
    for claim in wanted.claims:
        columns = frozenset().union(*(columns_of(layout, claim.path) for layout in layouts))
        if not columns:
            yield Finding("purpose_claim_unknown", wanted.id, spell(claim.path))
        for column in COLUMNS:
            if column in columns and not _permitted(claim, asker.permission(column)):
                code = _CODES[asker.permission(column)]
                yield Finding(code, wanted.id, spell(claim.path), column)


def _permitted(claim: ClaimQuery, permission: Permission) -> bool:
    """Tell whether a claim may be asked for so: a value that the asker names is matched, not read."""
    return permission is Permission.SEES or (permission is Permission.MATCH_ONLY and claim.values is not None)
