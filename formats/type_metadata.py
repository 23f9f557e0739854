"""Type Metadata documents: integrity of their bytes, strict reading of their structure, and what they inherit.

Nothing is fetched here: documents, those of parents (``extends``) too, are given as values. A type is processed
as a whole or not at all. Spec: draft-ietf-oauth-sd-jwt-vc-19, Type Metadata.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import Any, Final

from portadoc.errors import Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.dcql.paths import PathPointer, parse_pointer, select
from portadoc.formats.reasons import told_as
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.schemas.claims import ClaimPath, JsonObject

SPEC: Final = "SD-JWT VC, Type Metadata"
_DIGESTS: Final = (("sha512", hashlib.sha512), ("sha384", hashlib.sha384), ("sha256", hashlib.sha256))
_SVG_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MAX_ENTRIES: Final = 512
MAX_PARENTS: Final = 8


class Disclosable(StrEnum):
    """Whether a claim travels by a Disclosure."""

    ALWAYS = "always"
    ALLOWED = "allowed"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ClaimMetadata:
    """What the type says of the claims at ``path``; ``labels`` by locale."""

    path: PathPointer
    labels: Mapping[str, str]
    mandatory: bool
    sd: Disclosable
    svg_id: str | None


@dataclass(frozen=True, slots=True)
class TypeMetadata:
    """A type as its document describes it, with what it inherits once that is resolved; ``names`` by locale."""

    vct: str
    extends: str | None
    names: Mapping[str, str]
    claims: tuple[ClaimMetadata, ...]


def integrity(document: bytes) -> str:
    """Return the ``#integrity`` value for a document: its SHA-256 in Subresource Integrity form."""
    return "sha256-" + base64.b64encode(hashlib.sha256(document).digest()).decode("ascii")


def check_integrity(document: bytes, expected: str) -> None:
    """Accept a document when it matches the strongest supported digest in ``expected``.

    Several values may be given, parted by white space; options after ``?`` are ignored.
    Raises: Untrusted[type_metadata_invalid] (reason ``integrity_unsupported``, ``integrity_mismatch``).
    """
    entries = [entry.partition("?")[0].partition("-") for entry in expected.split()]
    for name, digest in _DIGESTS:
        values = [value for algorithm, _, value in entries if algorithm == name]
        if values:
            if not any(_standard_base64(value) == digest(document).digest() for value in values):
                raise _invalid("integrity_mismatch")
            return
    raise _invalid("integrity_unsupported")


def parse_type_metadata(document: JsonObject, *, vct: str) -> TypeMetadata:
    """Return the metadata of ``vct``; unknown members are ignored, known ones have to be right.

    Raises: Untrusted[type_metadata_invalid] with a reason.
    """
    with told_as("type_metadata_invalid"):
        if document.get("vct") != vct:
            raise _invalid("vct_mismatch")
        extends = document.get("extends")
        if "extends" in document and (not isinstance(extends, str) or extends == vct):
            raise _invalid("extends")
        claims = tuple(_claim(entry) for entry in _entries(document, "claims"))
        svg_ids = [claim.svg_id for claim in claims if claim.svg_id is not None]
        if len(set(svg_ids)) != len(svg_ids):
            raise _invalid("svg_id")
        return TypeMetadata(vct, extends, _texts(document, "name"), claims)


Documents = Callable[[str, str | None], bytes | None]
"""Give the document of a type that matches an ``#integrity`` value, any of its documents without one; or None."""


def resolve_type_metadata(vct: str, pin: str | None, documents: Documents) -> TypeMetadata | None:
    """Return what a type and all its parents say together; None when no document of the type itself is known.

    A child replaces its parent's display and adds to its claims, property by property; it may tighten and never
    loosen. Raises: Untrusted[type_metadata_invalid] (reason ``parent_missing``, ``cycle``, ``too_many_parents``,
    ``loosened`` and those of ``parse_type_metadata``).
    """
    with told_as("type_metadata_invalid"):
        lineage = _lineage(vct, pin, documents)
        if not lineage:
            return None
        merged = reduce(_inherited, reversed(lineage))
        return parse_type_metadata({**merged, "vct": vct}, vct=vct)


def _lineage(vct: str, pin: str | None, documents: Documents) -> list[JsonObject]:
    """Return the documents from a type up to the parent that has none, each checked by itself."""
    lineage: list[JsonObject] = []
    seen: set[str] = set()
    while True:
        if vct in seen:
            raise _invalid("cycle")
        if len(lineage) > MAX_PARENTS:
            raise _invalid("too_many_parents")
        document = documents(vct, pin)
        if document is None:
            if lineage:
                raise _invalid("parent_missing")
            return lineage
        read = strict_json.loads_object(document, what="type metadata")
        lineage.append(read)
        seen.add(vct)
        extends, pin = parse_type_metadata(read, vct=vct).extends, read.get("extends#integrity")
        if pin is not None and not isinstance(pin, str):
            raise _invalid("extends")
        if extends is None:
            return lineage
        vct = extends


def _inherited(parent: JsonObject, child: JsonObject) -> JsonObject:
    claims = {_place(entry): entry for entry in _entries(parent, "claims")}
    for entry in _entries(child, "claims"):
        claims[_place(entry)] = _tightened(claims.get(_place(entry), {}), entry)
    return {**parent, **child, "claims": list(claims.values())}


def _tightened(parent: JsonObject, child: JsonObject) -> JsonObject:
    """Return a claim with what it inherits. Raises: Untrusted[type_metadata_invalid] (reason ``loosened``)."""
    settled = parent.get("sd", "allowed") != "allowed" and child.get("sd", parent["sd"]) != parent["sd"]
    if settled or (parent.get("mandatory") is True and child.get("mandatory") is False):
        raise _invalid("loosened")
    return {**parent, **child}


def _place(entry: JsonObject) -> PathPointer:
    return parse_pointer(entry.get("path"))


def check_disclosability(metadata: TypeMetadata, processed: ProcessedClaims) -> None:
    """Refuse claims that travelled otherwise than their type allows; a claim that is absent is no fault.

    Raises: Untrusted[type_metadata_invalid] (reason ``path_container``, ``sd_never``, ``sd_always``).
    """
    for rule in metadata.claims:
        for path in _places(processed, rule.path):
            if rule.sd is Disclosable.NEVER and path in processed.disclosed:
                raise _invalid("sd_never")
            if rule.sd is Disclosable.ALWAYS and path not in processed.disclosed:
                raise _invalid("sd_always")


def _places(processed: ProcessedClaims, path: PathPointer) -> tuple[ClaimPath, ...]:
    """Return the places that a path names; nothing there is an empty answer, unlike in a query."""
    try:
        located = select(processed.claims, path, issued_positions=processed.issued_positions)
        return tuple(item.path for item in located)
    except Refused as exc:
        if exc.params["reason"] == "claim_absent":
            return ()
        raise _invalid("path_container") from exc


def _claim(entry: JsonObject) -> ClaimMetadata:
    mandatory, sd, svg_id = entry.get("mandatory", False), entry.get("sd", "allowed"), entry.get("svg_id")
    if not isinstance(mandatory, bool):
        raise _invalid("mandatory")
    if sd not in tuple(Disclosable):
        raise _invalid("sd")
    if "svg_id" in entry and not (isinstance(svg_id, str) and _SVG_ID.fullmatch(svg_id)):
        raise _invalid("svg_id")
    return ClaimMetadata(
        parse_pointer(entry.get("path")), _texts(entry, "label"), mandatory, Disclosable(sd), svg_id
    )


def _texts(entry: JsonObject, member: str) -> dict[str, str]:
    """Return the text of each ``display`` entry by locale; a locale stands once."""
    texts: dict[str, str] = {}
    for display in _entries(entry, "display"):
        locale, text = display.get("locale"), display.get(member)
        if not isinstance(locale, str) or not _LOCALE.fullmatch(locale) or locale in texts:
            raise _invalid("locale")
        if not isinstance(text, str):
            raise _invalid(member)
        texts[locale] = text
    return texts


def _entries(value: JsonObject, member: str) -> list[JsonObject]:
    entries: Any = value.get(member, [])
    if not isinstance(entries, list) or len(entries) > _MAX_ENTRIES:
        raise _invalid(member)
    if not all(isinstance(entry, dict) for entry in entries):
        raise _invalid(member)
    return entries


def _standard_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return b""


def _invalid(reason: str) -> Untrusted:
    return Untrusted("type_metadata_invalid", spec=SPEC, reason=reason)
