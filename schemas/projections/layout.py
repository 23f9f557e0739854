"""Claim layouts as tables: one row per claim, used in one direction to write a credential, in the other to read.

A row ties a place in the credential to a place in the record, so what is written can be read, and the published
Type Metadata cannot say anything else than what is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from portadoc.errors import Malformed, Refused
from portadoc.schemas.claims import (
    ENVELOPE_CLAIMS,
    ClaimPath,
    ClaimPattern,
    Json,
    JsonObject,
    claims_at,
    dotted,
    places,
    pointer,
)
from portadoc.schemas.codes import OPEN_END_DATE
from portadoc.schemas.projections.forms import is_full_date
from portadoc.schemas.projections.reading import Restored, Step, read_claims, steps_of
from portadoc.schemas.projections.rows import Claim, filled, put, wildcard_keys
from portadoc.schemas.records import Record, record_to_json


class Period(NamedTuple):
    """Two days, both included; None where nothing is said (for an end: none is set)."""

    start: date | None
    end: date | None


def _unchanged(fields: JsonObject) -> JsonObject:
    return fields


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """A claim layout of one credential type.

    ``arrange`` brings a record's JSON into the shape that the rows name, and refuses what the layout cannot carry;
    ``rearrange`` is the way back. ``left_out`` names what the layout has no place for. ``envelope`` names claims
    beside the usual ones that may surround the subject claims; ``demanded`` those that the layout demands.
    """

    id: str
    vct: str
    kind: str
    claims: tuple[Claim, ...]
    document: tuple[ClaimPath | None, ClaimPath | None]
    coverage: tuple[ClaimPath | None, ClaimPath | None]
    left_out: tuple[ClaimPattern, ...] = ()
    envelope: frozenset[str] = frozenset()
    demanded: frozenset[str] = frozenset({"vct", "iss", "iat", "exp", "cnf"})
    arrange: Callable[[JsonObject], JsonObject] = _unchanged
    rearrange: Callable[[JsonObject], JsonObject] = _unchanged
    _steps: Step = field(init=False, repr=False)
    _disclosed: tuple[ClaimPattern, ...] = field(init=False, repr=False)
    _rows: Mapping[ClaimPattern, Claim] = field(init=False, repr=False)
    _passed_over: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", steps_of(self.claims))
        object.__setattr__(self, "_disclosed", tuple(c.path for c in self.claims if c.sd == "always"))
        object.__setattr__(self, "_rows", {c.path: c for c in self.claims})
        object.__setattr__(self, "_passed_over", ENVELOPE_CLAIMS | self.envelope)

    def project(self, record: Record) -> JsonObject:
        """Return the subject claims of a record in this layout, without envelope.

        Raises Refused[projection_kind_differs], or Refused[projection_cannot_carry] with the ``member`` of the
        record that has no place here.
        """
        if self.kind != record.KIND:
            raise Refused("projection_kind_differs", projection=self.id, kind=record.KIND)
        fields = self.arrange(record_to_json(record))
        claims: JsonObject = {}
        for claim in self.claims:
            if claim.field is not None:
                self._write(claim, claim.field, fields, claims)
        return claims

    def _write(self, claim: Claim, pattern: ClaimPattern, fields: JsonObject, claims: JsonObject) -> None:
        for source, value in claims_at(fields, pattern):
            if claim.form is None:
                value = []
            elif value is None:
                value = claim.form.of_nothing
            elif not claim.form.accepts(value):
                raise cannot_carry(self.id, pattern)
            if value is not None:
                put(claims, filled(claim.path, wildcard_keys(pattern, source)), value)

    def restore(self, claims: JsonObject) -> Restored:
        """Read verified claims, whole or partly disclosed, into the vocabulary of the record.

        What cannot be read is left out and named among the deviations; this never fails on a strange credential.
        """
        read = read_claims(self._steps, claims, self._passed_over)
        return Restored(self.rearrange(read.record_fields), read.deviations)

    def disclosable(self, claims: JsonObject) -> tuple[ClaimPath, ...]:
        """Return the concrete path of every claim that gets its own disclosure, parents before children."""
        return tuple(path for pattern in self._disclosed for path in places(claims, pattern))

    def document_period(self, claims: JsonObject) -> Period:
        """Return the dates of the document. Raises Malformed[claim_missing] or [claim_invalid]."""
        return self._period(claims, self.document)

    def coverage_period(self, claims: JsonObject) -> Period:
        """Return the period that the attestation covers. Raises Malformed[claim_missing] or [claim_invalid]."""
        return self._period(claims, self.coverage)

    def could_hold(self, claims: JsonObject, path: ClaimPath) -> frozenset[ClaimPath]:
        """Return the objects in which a claim that is not shown could stand; none for a claim that is shown.

        It could in the last object that there is on the way to its place, or to a place where peers put it.
        """
        row = self._rows[path]
        if self._values(claims, row):
            return frozenset()
        return frozenset(_last_object(claims, place) for place in (row.path, *row.also))

    def _period(self, claims: JsonObject, ends: tuple[ClaimPath | None, ClaimPath | None]) -> Period:
        """Return the days of a period; none of one whose end the holder keeps back: it may have passed."""
        start, end = (None if path is None else self._date_at(claims, path) for path in ends)
        withheld = ends[1] is not None and self._is_withheld(claims, ends[1])
        return Period(None, None) if withheld else Period(start, end)

    def _is_withheld(self, claims: JsonObject, path: ClaimPath) -> bool:
        claim = self._rows[path]
        return claim.mandatory and claim.sd == "always" and not self._values(claims, claim)

    def _values(self, claims: JsonObject, claim: Claim) -> list[Json]:
        return [value for pattern in (claim.path, *claim.also) for _, value in claims_at(claims, pattern)]

    def _date_at(self, claims: JsonObject, path: ClaimPath) -> date | None:
        claim = self._rows[path]
        found = self._values(claims, claim)
        if found and is_full_date(found[0]):
            return None if found[0] == OPEN_END_DATE else date.fromisoformat(found[0])
        if found:
            raise Malformed("claim_invalid", claim=dotted(path))
        if claim.mandatory and claim.sd == "never":
            raise Malformed("claim_missing", claim=dotted(path))
        return None


def _last_object(claims: JsonObject, place: ClaimPattern) -> ClaimPath:
    here: list[str | int] = []
    members: Json = claims
    for step in place[:-1]:
        members = members.get(step)
        if not isinstance(members, dict) or step is None:
            break
        here.append(step)
    return tuple(here)


def cannot_carry(projection: str, member: ClaimPattern) -> Refused:
    """Return the refusal for a part of a record that has no place in a layout."""
    return Refused("projection_cannot_carry", projection=projection, member=pointer(member))
