"""Which trusted lists an installation believes: where each is, who signs it, and what its entities may do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portadoc.errors import Malformed, Misconfigured
from portadoc.keys.certificates import from_pem
from portadoc.keys.files.members import FileMembers, exact_members, read_json_file
from portadoc.keys.trust.trust_list import AuthorisationRule, ListForm

TRUST_LISTS_FILE: Final = "trust_lists.json"
_CODE: Final = "trust_lists_malformed"
_VERSION: Final = 1
_RULE: Final = ("entity", "institution", "issuers", "credential_types", "status_providers")


@dataclass(frozen=True, slots=True)
class TrustListSource:
    """A list to follow: its address, its form, its scheme operator's certificates (DER), the operator's rules."""

    uri: str
    form: ListForm
    signers: tuple[bytes, ...]
    rules: tuple[AuthorisationRule, ...]


def read_trust_list_sources(path: Path) -> tuple[TrustListSource, ...]:
    """Return the lists that a file names; none when there is no file.

    Raises Misconfigured[trust_lists_malformed].
    """
    if not path.exists():
        return ()
    value = read_json_file(path, missing="trust_lists_missing", malformed=_CODE)
    members = exact_members(value, "version", "lists", where="trust lists", code=_CODE)
    if members.seconds("version") != _VERSION:
        raise Misconfigured(_CODE, where="trust lists", reason="version")
    sources = tuple(map(_source, members.objects("lists", "uri", "form", "signers", "rules")))
    if len({each.uri for each in sources}) != len(sources):
        raise Misconfigured(_CODE, where="lists", reason="uri")
    return sources


def _source(members: FileMembers) -> TrustListSource:
    try:
        form = ListForm(members.text("form"))
    except ValueError as exc:
        raise Misconfigured(_CODE, where="lists", reason="form") from exc
    signers = tuple(_certificate(text) for text in members.texts("signers"))
    if not signers:
        raise Misconfigured(_CODE, where="lists", reason="signers")
    return TrustListSource(members.text("uri"), form, signers, tuple(map(_rule, members.objects("rules", *_RULE))))


def _certificate(text: str) -> bytes:
    try:
        (certificate,) = from_pem(text)
    except (Malformed, ValueError) as exc:
        raise Misconfigured(_CODE, where="lists", reason="signers") from exc
    return certificate


def _rule(members: FileMembers) -> AuthorisationRule:
    return AuthorisationRule(
        entity=members.text("entity"),
        institution=members.text("institution"),
        issuers=frozenset(members.texts("issuers")),
        credential_types=frozenset(members.texts("credential_types")),
        status_providers=frozenset(members.texts("status_providers")),
    )
