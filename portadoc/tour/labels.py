"""Claims as people read them: labels from Type Metadata, values in words, the tree of the credential kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from portadoc.formats import strict_json
from portadoc.schemas.claims import ENVELOPE_CLAIMS, ClaimPath, ClaimPattern, Json, JsonObject
from portadoc.schemas.codes import STATUS_CONFIRMATIONS
from portadoc.schemas.type_metadata import type_metadata
from portadoc.tour.texts import Reader, page_texts

NOT_SUBJECT: Final = ENVELOPE_CLAIMS | {"vct"}
_SITUATION: Final = "status_confirmation"


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """A claim with its label, and either ``text`` or ``parts``; ``marked`` if it is one that the caller named."""

    label: str
    text: str = ""
    parts: tuple["ShownClaim", ...] = ()
    marked: bool = False


def shown_claims(
    vct: str, claims: JsonObject, reader: Reader, *, marked: Collection[ClaimPath] = ()
) -> tuple[ShownClaim, ...]:
    """Return the subject claims in the order of the Type Metadata, those in ``marked`` marked."""
    subject = {name: value for name, value in claims.items() if name not in NOT_SUBJECT}
    return _members(vct, (), subject, reader, frozenset(marked), parent="")


def claim_label(vct: str, path: ClaimPattern, reader: Reader) -> str:
    """Return the label of a claim; where the metadata has none, the member's name in the reader's words."""
    pattern = tuple(None if isinstance(step, int) else step for step in path)
    labels = _metadata_labels(vct).get(pattern)
    if labels is not None:
        return labels.get(reader.language, labels["en"])
    name = str(path[-1])
    return page_texts(reader.language).get(f"member.{name}", name.replace("_", " "))


def _members(
    vct: str, path: ClaimPath, tree: JsonObject, reader: Reader, marked: frozenset[ClaimPath], *, parent: str
) -> tuple[ShownClaim, ...]:
    order = {pattern: position for position, pattern in enumerate(_metadata_labels(vct))}
    names = sorted(tree, key=lambda name: order.get((*path, name), len(order)))
    return tuple(_shown(vct, (*path, name), tree[name], reader, marked, parent=parent) for name in names)


def _shown(
    vct: str, path: ClaimPath, value: Json, reader: Reader, marked: frozenset[ClaimPath], *, parent: str
) -> ShownClaim:
    full = claim_label(vct, path, reader)
    label = _without_parent(full, parent)
    if isinstance(value, dict):
        parts = _members(vct, path, value, reader, marked, parent=full)
        return ShownClaim(label, parts=parts, marked=path in marked)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        parts = tuple(
            _shown(vct, (*path, index), each, reader, marked, parent=full) for index, each in enumerate(value)
        )
        return ShownClaim(label, parts=parts, marked=path in marked)
    return ShownClaim(label, text=_text(path, value, reader), marked=path in marked)


def _without_parent(label: str, parent: str) -> str:
    """Drop what the heading above says already: ``Workplace, town`` under ``Workplace`` becomes ``Town``."""
    rest = label.removeprefix(f"{parent}, ")
    return rest[:1].upper() + rest[1:]


def _text(path: ClaimPath, value: Json, reader: Reader) -> str:
    if isinstance(value, list):
        return ", ".join(reader.readable(each) for each in value)
    if isinstance(value, bool):
        return reader.say("value.yes" if value else "value.no")
    if path[-1] == _SITUATION and value in STATUS_CONFIRMATIONS:
        situation = STATUS_CONFIRMATIONS[value]
        return f"{situation.french if reader.language == 'fr' else situation.english} ({value})"
    return reader.readable(value)


@cache
def _metadata_labels(vct: str) -> Mapping[ClaimPattern, Mapping[str, str]]:
    document = strict_json.loads_object(type_metadata(vct), what="type metadata")
    return {
        tuple(claim["path"]): {shown["locale"]: shown["label"] for shown in claim["display"]}
        for claim in document["claims"]
    }
