"""The result of looking into something: sentences, findings and the decoded content."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from portadoc.errors import Error, Malformed, Param
from portadoc.keys.jwk import PRIVATE_MEMBERS
from portadoc.schemas.claims import Json, JsonObject

MASK: Final = "(secret, not shown)"
_PRIVATE_PEM: Final = "PRIVATE KEY-----"


class Severity(StrEnum):
    """FAULT: a strict reader refuses it; WARNING: some readers will, or it is old; NOTE: good to know."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about the thing. Params come from the thing itself and are shown, never logged."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reader should mind, with the clause behind it."""

    severity: Severity
    code: str
    params: Mapping[str, Param] = field(default_factory=dict)
    clause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What one thing is and says. The first sentence tells what it is; ``parts`` were found inside it, by name."""

    kind: str
    said: tuple[Said, ...]
    findings: tuple[Finding, ...] = ()
    content: JsonObject = field(default_factory=dict)
    parts: Mapping[str, "Inspection"] = field(default_factory=dict)


def refusal(error: Error) -> Finding:
    """Return what a strict reader says as a finding."""
    return Finding(Severity.FAULT, error.code, error.params, error.spec or "")


def refusals(*readings: Callable[[], object]) -> tuple[Finding, ...]:
    """Return the refusal of each strict reading that refuses."""
    found = []
    for reading in readings:
        try:
            reading()
        except Error as error:
            found.append(refusal(error))
    return tuple(found)


def old_shape(old: str, current: str, clause: str) -> Finding:
    """Return the finding for a shape of an earlier draft; both params are technical names."""
    return Finding(Severity.WARNING, "old_shape", {"old": old, "current": current}, clause)


def removed(name: str, clause: str) -> Finding:
    """Return the finding for a member that the final specification dropped without a successor."""
    return Finding(Severity.WARNING, "removed_member", {"name": name}, clause)


def old_members(members: Mapping[str, Any], successors: Mapping[str, str], clause: str) -> tuple[Finding, ...]:
    """Return a finding for each member with an older name; an empty successor means that it was dropped."""
    return tuple(
        old_shape(old, current, clause) if current else removed(old, clause)
        for old, current in successors.items()
        if old in members
    )


def absent(members: Mapping[str, Any], *names: str, clause: str) -> tuple[Finding, ...]:
    """Return a finding for each member that the specification requires and that is not there."""
    return tuple(
        Finding(Severity.FAULT, "claim_missing", {"claim": name}, clause) for name in names if name not in members
    )


def objects(value: Json) -> list[JsonObject]:
    """Return the objects of an array, nothing for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def unknown_input() -> Malformed:
    """Return the refusal of something that is none of the things known here."""
    return Malformed("input_unknown")


def masked(value: Json) -> tuple[Json, bool]:
    """Return a copy without secret parts of keys, and whether there was any."""
    if isinstance(value, str) and _PRIVATE_PEM in value:
        return MASK, True
    if isinstance(value, list):
        pairs = [masked(each) for each in value]
        return [each for each, _ in pairs], any(found for _, found in pairs)
    if not isinstance(value, dict):
        return value, False
    secret = PRIVATE_MEMBERS & value.keys() if "kty" in value or "crv" in value else frozenset()
    members = {name: (MASK, True) if name in secret else masked(each) for name, each in value.items()}
    return {name: each for name, (each, _) in members.items()}, any(found for _, found in members.values())
