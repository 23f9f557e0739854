"""Names for JSON trees and for places in them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, cast

Json = Any
"""A JSON value: ``None``, ``bool``, ``int``, ``float``, ``str``, ``list[Json]`` or ``dict[str, Json]``."""

JsonObject = dict[str, Json]

ClaimPath = tuple[str | int, ...]
"""The place of one claim: member names and array indexes from the root."""

ClaimPattern = tuple[str | int | None, ...]
"""Places of like claims: ``None`` stands for every element of an array, ``EACH_MEMBER`` for every member."""

EACH_MEMBER: Final = "*"

ENVELOPE_CLAIMS: Final = frozenset(
    {
        "iss",
        "sub",
        "aud",
        "iat",
        "nbf",
        "exp",
        "jti",
        "cnf",
        "vct",
        "vct#integrity",
        "aka_vcts",
        "status",
        "_sd_alg",
        "category",
        "adm_nbf",
        "adm_exp",
        "oneTime",
        "shortLived",
    }
)
"""Claims around the subject claims. Spec: SD-JWT VC §2.2.2, RFC 7519 §4.1, ETSI TS 119 472-1 §5.2"""


def pointer(path: Sequence[str | int | None]) -> str:
    """Return a JSON Pointer for a path; ``*`` stands for every element. Spec: RFC 6901 §3"""
    return "".join(f"/{_pointer_token(step)}" for step in path)


def _pointer_token(step: str | int | None) -> str:
    return "*" if step is None else str(step).replace("~", "~0").replace("/", "~1")


def dotted(path: Sequence[str | int | None]) -> str:
    """Return a path as the text that names a claim in errors and reports; ``*`` stands for every element."""
    return ".".join(["*" if step is None else str(step) for step in path])


def places(tree: Json, pattern: ClaimPattern) -> Iterator[ClaimPath]:
    """Yield the path of each claim in ``tree`` that ``pattern`` names, in document order.

    A place that is absent, or a container of another type, yields nothing.
    """
    return (path for path, _ in claims_at(tree, pattern))


def claims_at(tree: Json, pattern: ClaimPattern) -> Iterator[tuple[ClaimPath, Json]]:
    """Yield path and value of each claim in ``tree`` that ``pattern`` names, in document order."""
    for position, step in enumerate(pattern):
        if step is None or step == EACH_MEMBER:
            head, rest = cast("ClaimPath", pattern[:position]), pattern[position + 1 :]
            for key, child in _children(tree, step):
                for tail, value in claims_at(child, rest):
                    yield (*head, key, *tail), value
            return
        if not _has(tree, step):
            return
        tree = tree[step]
    yield cast("ClaimPath", pattern), tree


def _has(tree: Json, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(tree, dict) and step in tree
    return isinstance(tree, list) and 0 <= step < len(tree)


def _children(tree: Json, wildcard: str | int | None) -> Iterable[tuple[str | int, Json]]:
    if wildcard is None:
        return enumerate(tree) if isinstance(tree, list) else ()
    return tree.items() if isinstance(tree, dict) else ()
