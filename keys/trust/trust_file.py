"""The trust configuration as a file: PEM anchors and authorisations."""

from pathlib import Path
from typing import Any, Final

from portadoc.errors import Malformed, Misconfigured
from portadoc.keys.certificates import from_pem, to_pem
from portadoc.keys.files.members import FileMembers, exact_members, read_json_file
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore

TRUST_FILE: Final = "trust.json"
_VERSION: Final = 1
_ANCHOR_MEMBERS: Final = ("name", "purposes", "certificate")
_AUTHORISATION_MEMBERS: Final = (
    *("institution", "name", "country", "issuers", "purposes", "credential_types"),
    *("valid_from", "valid_to", "withdrawn_at"),
)


def read_trust_file(path: Path) -> TrustStore:
    """Return the store of a file. Raises Misconfigured[trust_missing], [trust_malformed], [trust_empty]."""
    return trust_from_json(read_json_file(path, missing="trust_missing", malformed="trust_malformed"))


def trust_to_json(store: TrustStore) -> dict[str, Any]:
    """Return the configuration of a store, certificates in PEM; ``trust_from_json`` makes an equal store of it."""
    return {
        "version": _VERSION,
        "anchors": [_anchor_to_json(anchor) for anchor in store.anchors],
        "authorisations": [_authorisation_to_json(each) for each in store.authorisations],
    }


def trust_from_json(value: object) -> TrustStore:
    """Return the store that a configuration describes. Raises Misconfigured[trust_malformed], [trust_empty]."""
    members = exact_members(value, "version", "anchors", "authorisations", where="trust", code="trust_malformed")
    if members.seconds("version") != _VERSION:
        raise Misconfigured("trust_malformed", where="trust", reason="version")
    return TrustStore(
        anchors=tuple(map(_anchor, members.objects("anchors", *_ANCHOR_MEMBERS))),
        authorisations=tuple(map(_authorisation, members.objects("authorisations", *_AUTHORISATION_MEMBERS))),
    )


def _anchor_to_json(anchor: TrustAnchor) -> dict[str, Any]:
    return {
        "name": anchor.name,
        "purposes": sorted(anchor.purposes),
        "certificate": to_pem([anchor.certificate]),
    }


def _anchor(members: FileMembers) -> TrustAnchor:
    try:
        (certificate,) = from_pem(members.text("certificate"))
    except (Malformed, ValueError) as exc:
        raise Misconfigured("trust_malformed", where="anchors", reason="certificate") from exc
    return TrustAnchor(members.text("name"), certificate, _purposes(members))


def _authorisation_to_json(authorisation: Authorisation) -> dict[str, Any]:
    return {
        "institution": authorisation.institution,
        "name": authorisation.name,
        "country": authorisation.country,
        "issuers": sorted(authorisation.issuers),
        "purposes": sorted(authorisation.purposes),
        "credential_types": sorted(authorisation.credential_types),
        "valid_from": authorisation.valid_from,
        "valid_to": authorisation.valid_to,
        "withdrawn_at": authorisation.withdrawn_at,
    }


def _authorisation(members: FileMembers) -> Authorisation:
    return Authorisation(
        institution=members.text("institution"),
        name=members.text("name"),
        country=members.text("country"),
        issuers=frozenset(members.texts("issuers")),
        purposes=_purposes(members),
        credential_types=frozenset(members.texts("credential_types")),
        valid_from=members.seconds("valid_from"),
        valid_to=members.optional_seconds("valid_to"),
        withdrawn_at=members.optional_seconds("withdrawn_at"),
    )


def _purposes(members: FileMembers) -> frozenset[KeyPurpose]:
    try:
        return frozenset(map(KeyPurpose, members.texts("purposes")))
    except ValueError as exc:
        raise Misconfigured("trust_malformed", where=members.where, reason="purposes") from exc
