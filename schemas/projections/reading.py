"""Reading a received credential by the rows of a layout: what it says, and where it deviates.

Input is verified in its signature and unverified in its content; nothing here fails on a strange credential.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from portadoc.schemas.claims import EACH_MEMBER, ClaimPath, ClaimPattern, Json, JsonObject, dotted
from portadoc.schemas.projections.forms import Form
from portadoc.schemas.projections.rows import Claim, filled, put

_LONGEST_NAME = 64


class Deviation(NamedTuple):
    """Something in a received credential that differs from its layout: a code, which claim, what was expected.

    ``claim`` holds names only, with ``*`` for array elements and for names that are themselves values.
    """

    code: str
    claim: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a credential says in the vocabulary of the record: as much of a record's JSON as was disclosed."""

    record_fields: JsonObject
    deviations: tuple[Deviation, ...]


@dataclass(slots=True)
class Step:
    """One step of the tree that the rows of a layout span; ``renamed`` marks a place that only peers use.

    ``mandatory`` are the rows right below that are present whenever this place is, and in clear.
    """

    claim: Claim | None = None
    renamed: bool = False
    below: dict[str | int | None, "Step"] = field(default_factory=dict)
    mandatory: tuple[Claim, ...] = ()


def steps_of(claims: Iterable[Claim]) -> Step:
    """Return the tree of all places that the rows name."""
    root = Step()
    for claim in claims:
        for pattern in (claim.path, *claim.also):
            step = root
            for name in pattern:
                step = step.below.setdefault(name, Step())
            step.claim, step.renamed = claim, pattern != claim.path
    _note_mandatory(root)
    return root


def _note_mandatory(step: Step) -> None:
    rows = (below.claim for below in step.below.values() if not below.renamed)
    step.mandatory = tuple(row for row in rows if row is not None and row.mandatory and row.sd != "always")
    for below in step.below.values():
        _note_mandatory(below)


def read_claims(root: Step, claims: JsonObject, passed_over: frozenset[str]) -> Restored:
    """Read claims in one walk; top-level names in ``passed_over`` belong to the envelope."""
    reader = _Reader()
    subject = {name: value for name, value in claims.items() if name not in passed_over}
    reader.read_object(root, subject, (), ())
    return Restored(reader.fields, reader.deviations_found())


class _Reader:
    def __init__(self) -> None:
        self.fields: JsonObject = {}
        self._found: list[Deviation] = []
        self._missing: list[Claim] = []
        self._renamed: set[ClaimPattern] = set()

    def deviations_found(self) -> tuple[Deviation, ...]:
        missing = (claim.path for claim in self._missing if claim.path not in self._renamed)
        return (*self._found, *(Deviation("claim_missing", dotted(path)) for path in missing))

    def read_object(self, step: Step, members: JsonObject, place: ClaimPattern, keys: ClaimPath) -> None:
        each = step.below.get(EACH_MEMBER)
        for name, value in members.items():
            if each is not None:
                self._read_member_of_any_name(each, name, value, place, keys)
            elif name in step.below:
                self._read(step.below[name], value, (*place, name), keys)
            else:
                self._found.append(Deviation("claim_unknown", dotted((*place, name[:_LONGEST_NAME]))))
        self._missing += [claim for claim in step.mandatory if claim.path[-1] not in members]

    def _read_member_of_any_name(
        self, step: Step, name: str, value: Json, place: ClaimPattern, keys: ClaimPath
    ) -> None:
        names = step.claim.names if step.claim else None
        for key in (name,) if names is None else self._in_form(names, name, (*place, EACH_MEMBER)):
            self._read(step, value, (*place, EACH_MEMBER), (*keys, key))

    def _read(self, step: Step, value: Json, place: ClaimPattern, keys: ClaimPath) -> None:
        claim = step.claim
        if claim is not None and step.renamed:
            self._renamed.add(claim.path)
            self._found.append(Deviation("claim_renamed", dotted(place), dotted(claim.path)))
        if claim is not None and claim.form is not None:
            self._read_value(claim, claim.form, value, place, keys)
        elif None in step.below and isinstance(value, list):
            if claim is not None and claim.field is not None:
                put(self.fields, filled(claim.field, keys), [])
            for index, item in enumerate(value):
                self._read(step.below[None], item, (*place, None), (*keys, index))
        elif None not in step.below and isinstance(value, dict):
            self.read_object(step, value, place, keys)
        else:
            self._found.append(Deviation("claim_not_in_form", dotted(place)))

    def _read_value(self, claim: Claim, form: Form, value: Json, place: ClaimPattern, keys: ClaimPath) -> None:
        for read in self._in_form(form, value, place):
            if claim.field is not None:
                put(self.fields, filled(claim.field, keys), read)

    def _in_form(self, form: Form, value: Json, place: ClaimPattern) -> tuple[Json, ...]:
        """Return the value in canonical spelling, or nothing when it does not have the form."""
        read = form.reads(value)
        if not form.accepts(read):
            self._found.append(Deviation("claim_not_in_form", dotted(place)))
            return ()
        remark = form.remarks(value)
        if remark is not None:
            self._found.append(Deviation(remark, dotted(place)))
        return (read,)
