"""The rows of a claim layout, and how values get to their places."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

from portadoc.schemas.claims import EACH_MEMBER, ClaimPath, ClaimPattern, Json, JsonObject
from portadoc.schemas.projections.forms import Form

Disclosure = Literal["always", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One row: a place in the credential, a place in the record, and what may stand there.

    A row without ``form`` is a container (one with a ``field`` is an array that may be empty); a row without
    ``field`` is read over and never written. ``names`` holds for the member names that ``EACH_MEMBER`` stands for.
    ``mandatory`` means: present whenever the object around it is. ``also`` lists other places where peers put the
    same thing. ``group`` is the number of the disclosure group, where the layout numbers them.
    """

    path: ClaimPattern
    en: str
    fr: str
    field: ClaimPattern | None = None
    form: Form | None = None
    names: Form | None = None
    sd: Disclosure = "never"
    mandatory: bool = False
    also: tuple[ClaimPattern, ...] = ()
    group: int | None = None


def put(tree: JsonObject, path: ClaimPath, value: Json) -> None:
    """Set a value at a path, making the objects and arrays on the way; a value that is there already stays."""
    place: Json = tree
    for step, following in pairwise(path):
        place = _child(place, step, [] if isinstance(following, int) else {})
    if isinstance(last := path[-1], str):
        place.setdefault(last, value)
    else:
        place.append(value)


def _child(place: Json, step: str | int, empty: Json) -> Json:
    if isinstance(step, str):
        return place.setdefault(step, empty)
    while len(place) <= step:
        place.append(type(empty)())
    return place[step]


def filled(pattern: ClaimPattern, keys: ClaimPath) -> ClaimPath:
    """Return ``pattern`` with its wildcards replaced by ``keys``, in order."""
    if not keys:
        return cast("ClaimPath", pattern)
    remaining = iter(keys)
    return tuple(next(remaining) if step is None or step == EACH_MEMBER else step for step in pattern)


def wildcard_keys(pattern: ClaimPattern, path: ClaimPath) -> ClaimPath:
    """Return what the wildcards of ``pattern`` stand for in ``path``."""
    if pattern is path:
        return ()
    return tuple(key for step, key in zip(pattern, path, strict=True) if step is None or step == EACH_MEMBER)
