"""Type Metadata documents: integrity of their bytes and strict reading of their structure.

Parents (``extends``) are not fetched here. Spec: draft-ietf-oauth-sd-jwt-vc-19, Type Metadata.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from portadoc.errors import Refused, Untrusted
from portadoc.formats.dcql.paths import PathPointer, parse_pointer, select
from portadoc.formats.reasons import told_as
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.schemas.claims import ClaimPath, JsonObject

SPEC: Final = "SD-JWT VC, Type Metadata"
_DIGESTS: Final = (("sha512", hashlib.sha512), ("sha384", hashlib.sha384), ("sha256", hashlib.sha256))
_SVG_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MAX_ENTRIES: Final = 512


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
    """A type as one document describes it; ``names`` by locale. Parents are named, not merged."""

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
