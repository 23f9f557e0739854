"""Claims path pointers: names, indexes, and ``null`` for every element of an array. Spec: OpenID4VP 1.0 §7."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from portadoc.errors import Malformed, Refused
from portadoc.schemas.claims import ClaimPath, Json, JsonObject

PathPointer = tuple[str | int | None, ...]
"""A pointer as asked: ``None`` stands for every element of an array."""

IssuedPositions = Mapping[ClaimPath, Sequence[int]]
"""For an array with undisclosed elements: the index as issued of every element that is left."""

_ALL_PRESENT: Final[IssuedPositions] = MappingProxyType({})
MAX_PATH_LENGTH: Final = 16
MAX_INDEX: Final = 9_999


@dataclass(frozen=True, slots=True)
class Located:
    """One element that a pointer selects: its concrete path and its value."""

    path: ClaimPath
    value: Json


def parse_pointer(value: object, *, max_length: int = MAX_PATH_LENGTH) -> PathPointer:
    """Return the pointer that a JSON array describes.

    Raises: Malformed[query_malformed] (reason ``path_form``) on an empty or too long array and on a component
    that is not a string, ``null`` or an integer from 0 to 9999 (``true`` and ``1.0`` are not integers).
    Spec: OpenID4VP 1.0 §7.
    """
    if not isinstance(value, list) or not 0 < len(value) <= max_length:
        raise Malformed("query_malformed", spec="OpenID4VP 1.0 §7", reason="path_form")
    if not all(_is_component(component) for component in value):
        raise Malformed("query_malformed", spec="OpenID4VP 1.0 §7", reason="path_form")
    return tuple(value)


def select(
    claims: JsonObject, pointer: PathPointer, *, issued_positions: IssuedPositions = _ALL_PRESENT
) -> tuple[Located, ...]:
    """Return the elements that ``pointer`` selects, at least one.

    An index counts elements as issued, so that an undisclosed element never makes another one take its place;
    the paths returned are places in ``claims``.
    Raises: Refused[query_unsatisfied] with reason ``path_container`` when a component meets the wrong kind of
    container, ``claim_absent`` when nothing is left. Spec: OpenID4VP 1.0 §7.1.
    """
    selected: tuple[Located, ...] = (Located((), claims),)
    for component in pointer:
        selected = tuple(
            Located((*element.path, key), element.value[key])
            for element in selected
            for key in _keys(element, component, pointer, issued_positions)
        )
    if not selected:
        raise Refused("query_unsatisfied", spec="OpenID4VP 1.0 §7.1", reason="claim_absent", path=spell(pointer))
    return selected


def only(claims: JsonObject, paths: Iterable[ClaimPath]) -> JsonObject:
    """Return a copy of ``claims`` with the elements at the concrete ``paths``, all that these hold, and no other.

    One pass, however many paths there are.
    """
    return dict(_kept(claims, (), *_lines(paths)))


def off_line(places: Iterable[ClaimPath], paths: Iterable[ClaimPath]) -> tuple[ClaimPath, ...]:
    """Return those of ``places`` that neither lead to nor lie at or below any of ``paths``; one pass."""
    wanted, leading = _lines(paths)
    return tuple(place for place in places if place not in leading and wanted.isdisjoint(_upward(place)))


def spell(pointer: PathPointer) -> str:
    """Return a pointer as one readable word, such as ``degrees[*].type``, for messages."""
    return "".join(_spelled(component) for component in pointer).lstrip(".")


def _is_component(component: Any) -> bool:
    if isinstance(component, str) or component is None:
        return True
    return type(component) is int and 0 <= component <= MAX_INDEX


def _keys(
    element: Located, component: str | int | None, pointer: PathPointer, issued: IssuedPositions
) -> Sequence[str | int]:
    """Return where one step leads from one element. Spec: OpenID4VP 1.0 §7.1 step 2."""
    value = element.value
    if isinstance(component, str) and isinstance(value, dict):
        return (component,) if component in value else ()
    if not isinstance(component, str) and isinstance(value, list):
        everywhere = range(len(value))
        positions = issued.get(element.path, everywhere)
        if component is None:
            return everywhere
        return (positions.index(component),) if component in positions else ()
    raise Refused("query_unsatisfied", spec="OpenID4VP 1.0 §7.1", reason="path_container", path=spell(pointer))


def _lines(paths: Iterable[ClaimPath]) -> tuple[frozenset[ClaimPath], frozenset[ClaimPath]]:
    """Return the paths, and every place on the way to one of them."""
    wanted = frozenset(paths)
    return wanted, frozenset(path[:length] for path in wanted for length in range(len(path)))


def _upward(place: ClaimPath) -> Iterable[ClaimPath]:
    return (place[:length] for length in range(1, len(place) + 1))


def _kept(value: Any, path: ClaimPath, wanted: frozenset[ClaimPath], leading: frozenset[ClaimPath]) -> Any:
    def is_kept(key: str | int) -> bool:
        return (*path, key) in wanted or (*path, key) in leading

    if path in wanted or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        return {k: _kept(v, (*path, k), wanted, leading) for k, v in value.items() if is_kept(k)}
    return [_kept(v, (*path, i), wanted, leading) for i, v in enumerate(value) if is_kept(i)]


def _spelled(component: str | int | None) -> str:
    if isinstance(component, str):
        return f".{component}"
    return "[*]" if component is None else f"[{component}]"
