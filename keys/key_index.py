"""The index of a key ring, ``keyring.json``: which keys there are, whose, what for and since when. No secrets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from portadoc.errors import Misconfigured
from portadoc.keys.development_chain import CertifiedInstitution
from portadoc.keys.files.members import FileMembers, exact_members, read_json_file, replace_json_file
from portadoc.keys.purposes import KeyPurpose, TrustDomain

INDEX_FILE: Final = "keyring.json"
_VERSION: Final = 1
_MALFORMED: Final = "key_ring_malformed"
_INSTITUTION_MEMBERS: Final = ("slug", "id", "country", "name", "urls")
_AUTHORITY_MEMBERS: Final = ("institution", "domain", "uri", "certificate")
_KEY_MEMBERS: Final = (
    *("institution", "purpose", "kid", "alg", "state", "created_at", "retired_at", "not_after"),
    *("uri", "chain", "jwk"),
)


class KeyState(StrEnum):
    """An active key signs; a retired one only verifies what it signed before."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key. ``institution`` is a slug; times are in seconds since the epoch.

    ``uri`` (``file:``) and ``chain`` (a PEM file) are relative to the ring's directory. A key without certificate
    has no ``chain`` and ``not_after``, a message-code key no ``jwk``.
    """

    institution: str
    purpose: KeyPurpose
    kid: str
    alg: str
    state: KeyState
    created_at: int
    retired_at: int | None
    not_after: int | None
    uri: str
    chain: str | None
    jwk: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class AuthorityEntry:
    """The development authority that certifies an institution's keys in one trust domain."""

    institution: str
    domain: TrustDomain
    uri: str
    certificate: str


@dataclass(frozen=True, slots=True)
class KeyIndex:
    """Everything in ``keyring.json``. ``institutions`` maps a slug to what certificates say of it."""

    institutions: Mapping[str, CertifiedInstitution]
    authorities: tuple[AuthorityEntry, ...]
    keys: tuple[KeyEntry, ...]


def read_index(directory: Path) -> KeyIndex:
    """Return the index of a key ring. Raises Misconfigured[key_ring_missing], [key_ring_malformed]."""
    value = read_json_file(directory / INDEX_FILE, missing="key_ring_missing", malformed=_MALFORMED)
    members = exact_members(
        value, "version", "institutions", "authorities", "keys", where=INDEX_FILE, code=_MALFORMED
    )
    if members.seconds("version") != _VERSION:
        raise Misconfigured(_MALFORMED, where=INDEX_FILE, reason="version")
    try:
        return KeyIndex(
            institutions=dict(map(_institution, members.objects("institutions", *_INSTITUTION_MEMBERS))),
            authorities=tuple(map(_authority, members.objects("authorities", *_AUTHORITY_MEMBERS))),
            keys=tuple(map(_key, members.objects("keys", *_KEY_MEMBERS))),
        )
    except ValueError as exc:
        raise Misconfigured(_MALFORMED, where=INDEX_FILE, reason="value") from exc


def write_index(directory: Path, index: KeyIndex) -> None:
    """Replace the index of a key ring, whole or not at all."""
    institutions: list[dict[str, Any]] = [
        {"slug": slug, **asdict(each)} for slug, each in index.institutions.items()
    ]
    value = {
        "version": _VERSION,
        "institutions": institutions,
        "authorities": [asdict(each) for each in index.authorities],
        "keys": [asdict(each) for each in index.keys],
    }
    replace_json_file(directory / INDEX_FILE, value)


def _institution(members: FileMembers) -> tuple[str, CertifiedInstitution]:
    certified = CertifiedInstitution(
        members.text("id"), members.text("country"), members.text("name"), members.texts("urls")
    )
    return members.text("slug"), certified


def _authority(members: FileMembers) -> AuthorityEntry:
    return AuthorityEntry(
        institution=members.text("institution"),
        domain=TrustDomain(members.text("domain")),
        uri=members.text("uri"),
        certificate=members.text("certificate"),
    )


def _key(members: FileMembers) -> KeyEntry:
    return KeyEntry(
        institution=members.text("institution"),
        purpose=KeyPurpose(members.text("purpose")),
        kid=members.text("kid"),
        alg=members.text("alg"),
        state=KeyState(members.text("state")),
        created_at=members.seconds("created_at"),
        retired_at=members.optional_seconds("retired_at"),
        not_after=members.optional_seconds("not_after"),
        uri=members.text("uri"),
        chain=members.optional_text("chain"),
        jwk=members.optional_mapping("jwk"),
    )
