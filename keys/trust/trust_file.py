"""The trust configuration as a file: PEM anchors and authorisations."""

from pathlib import Path
from typing import Any, Final

from portadoc.errors import Malformed, Misconfigured
from portadoc.keys.certificates import from_pem, to_pem
from portadoc.keys.files.members import FileMembers, exact_members, read_json_file
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore

TRUST_FILE: Final = "trust.json"
_PLAIN: Final = 1
_WITH_LISTS: Final = 2
"""The second version also says what comes from trusted lists, and who may sign status lists for whom."""
_ANCHOR_MEMBERS: Final = ("name", "purposes", "certificate")
_LISTED_ANCHOR_MEMBERS: Final = (*_ANCHOR_MEMBERS, "trust_list")
_AUTHORISATION_MEMBERS: Final = (
    *("institution", "name", "country", "issuers", "purposes", "credential_types"),
    *("valid_from", "valid_to", "withdrawn_at"),
)
_LISTED_AUTHORISATION_MEMBERS: Final = (*_AUTHORISATION_MEMBERS, "anchors", "believed_until", "status_providers")


def read_trust_file(path: Path) -> TrustStore:
    """Return the store of a file. Raises Misconfigured[trust_missing], [trust_malformed], [trust_empty]."""
    return trust_from_json(read_json_file(path, missing="trust_missing", malformed="trust_malformed"))


def trust_to_json(store: TrustStore) -> dict[str, Any]:
    """Return the configuration of a store, certificates in PEM; ``trust_from_json`` makes an equal store of it."""
    version = _WITH_LISTS if _needs_lists(store) else _PLAIN
    return {
        "version": version,
        "anchors": [_anchor_to_json(anchor, version) for anchor in store.anchors],
        "authorisations": [_authorisation_to_json(each, version) for each in store.authorisations],
    }


def trust_from_json(value: object) -> TrustStore:
    """Return the store that a configuration describes. Raises Misconfigured[trust_malformed], [trust_empty]."""
    members = exact_members(value, "version", "anchors", "authorisations", where="trust", code="trust_malformed")
    version = members.seconds("version")
    if version not in (_PLAIN, _WITH_LISTS):
        raise Misconfigured("trust_malformed", where="trust", reason="version")
    listed = version == _WITH_LISTS
    anchors = members.objects("anchors", *(_LISTED_ANCHOR_MEMBERS if listed else _ANCHOR_MEMBERS))
    authorisations = members.objects(
        "authorisations", *(_LISTED_AUTHORISATION_MEMBERS if listed else _AUTHORISATION_MEMBERS)
    )
    return TrustStore(
        anchors=tuple(_anchor(each, listed=listed) for each in anchors),
        authorisations=tuple(_authorisation(each, listed=listed) for each in authorisations),
    )


def _needs_lists(store: TrustStore) -> bool:
    return any(anchor.trust_list for anchor in store.anchors) or any(
        each.anchors or each.status_providers or each.believed_until is not None for each in store.authorisations
    )


def _anchor_to_json(anchor: TrustAnchor, version: int) -> dict[str, Any]:
    plain = {
        "name": anchor.name,
        "purposes": sorted(anchor.purposes),
        "certificate": to_pem([anchor.certificate]),
    }
    return plain if version == _PLAIN else {**plain, "trust_list": anchor.trust_list}


def _anchor(members: FileMembers, *, listed: bool) -> TrustAnchor:
    try:
        (certificate,) = from_pem(members.text("certificate"))
    except (Malformed, ValueError) as exc:
        raise Misconfigured("trust_malformed", where="anchors", reason="certificate") from exc
    trust_list = members.text("trust_list") if listed else ""
    return TrustAnchor(members.text("name"), certificate, _purposes(members), trust_list)


def _authorisation_to_json(authorisation: Authorisation, version: int) -> dict[str, Any]:
    plain = {
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
    if version == _PLAIN:
        return plain
    return {
        **plain,
        "anchors": sorted(authorisation.anchors),
        "believed_until": authorisation.believed_until,
        "status_providers": sorted(authorisation.status_providers),
    }


def _authorisation(members: FileMembers, *, listed: bool) -> Authorisation:
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
        anchors=frozenset(members.texts("anchors")) if listed else frozenset(),
        believed_until=members.optional_seconds("believed_until") if listed else None,
        status_providers=frozenset(members.texts("status_providers")) if listed else frozenset(),
    )


def _purposes(members: FileMembers) -> frozenset[KeyPurpose]:
    try:
        return frozenset(map(KeyPurpose, members.texts("purposes")))
    except ValueError as exc:
        raise Misconfigured("trust_malformed", where=members.where, reason="purposes") from exc
