"""The trust configuration as a file: PEM anchors, authorisations, and issuers believed by their web keys."""

from pathlib import Path
from typing import Any, Final

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.keys.certificates import from_pem, to_pem
from portadoc.keys.files.members import FileMembers, exact_members, read_json_file
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.keys.trust.web_issuers import WebIssuer, published_keys

TRUST_FILE: Final = "trust.json"
_PLAIN: Final = 1
_WITH_LISTS: Final = 2
"""The second version also says what comes from trusted lists, and who may sign status lists for whom."""
_WITH_WEB_ISSUERS: Final = 3
"""The third has all of the second, and names the issuers that are believed by the keys that they publish."""
_ANCHOR_MEMBERS: Final = ("name", "purposes", "certificate")
_LISTED_ANCHOR_MEMBERS: Final = (*_ANCHOR_MEMBERS, "trust_list")
_AUTHORISATION_MEMBERS: Final = (
    *("institution", "name", "country", "issuers", "purposes", "credential_types"),
    *("valid_from", "valid_to", "withdrawn_at"),
)
_LISTED_AUTHORISATION_MEMBERS: Final = (*_AUTHORISATION_MEMBERS, "anchors", "believed_until", "speaks_for")
_WEB_ISSUER_MEMBERS: Final = (
    *("issuer", "institution", "name", "country", "credential_types"),
    *("valid_from", "valid_to", "withdrawn_at", "keys", "believed_until"),
)


def read_trust_file(path: Path) -> TrustStore:
    """Return the store of a file. Raises Misconfigured[trust_missing], [trust_malformed], [trust_empty]."""
    return trust_from_json(read_json_file(path, missing="trust_missing", malformed="trust_malformed"))


def trust_to_json(store: TrustStore) -> dict[str, Any]:
    """Return the configuration of a store, certificates in PEM; ``trust_from_json`` makes an equal store of it."""
    version = _WITH_WEB_ISSUERS if store.web_issuers else _WITH_LISTS if _needs_lists(store) else _PLAIN
    web_issuers = [_web_issuer_to_json(each) for each in store.web_issuers]
    return {
        "version": version,
        "anchors": [_anchor_to_json(anchor, version) for anchor in store.anchors],
        "authorisations": [_authorisation_to_json(each, version) for each in store.authorisations],
        **({"web_issuers": web_issuers} if web_issuers else {}),
    }


def trust_from_json(value: object) -> TrustStore:
    """Return the store that a configuration describes. Raises Misconfigured[trust_malformed], [trust_empty]."""
    with_web = isinstance(value, dict) and value.get("version") == _WITH_WEB_ISSUERS
    more = ("web_issuers",) if with_web else ()
    members = exact_members(
        value, "version", "anchors", "authorisations", *more, where="trust", code="trust_malformed"
    )
    version = members.seconds("version")
    if version not in (_PLAIN, _WITH_LISTS, _WITH_WEB_ISSUERS):
        raise Misconfigured("trust_malformed", where="trust", reason="version")
    listed = version != _PLAIN
    anchors = members.objects("anchors", *(_LISTED_ANCHOR_MEMBERS if listed else _ANCHOR_MEMBERS))
    authorisations = members.objects(
        "authorisations", *(_LISTED_AUTHORISATION_MEMBERS if listed else _AUTHORISATION_MEMBERS)
    )
    store = TrustStore(
        anchors=tuple(_anchor(each, listed=listed) for each in anchors),
        authorisations=tuple(_authorisation(each, listed=listed) for each in authorisations),
        web_issuers=tuple(map(_web_issuer, members.objects("web_issuers", *_WEB_ISSUER_MEMBERS)))
        if with_web
        else (),
    )
    _check_one_mechanism(store)
    return store


def _needs_lists(store: TrustStore) -> bool:
    return any(anchor.trust_list for anchor in store.anchors) or any(
        each.anchors or each.speaks_for or each.believed_until is not None for each in store.authorisations
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
        "speaks_for": sorted(authorisation.speaks_for),
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
        speaks_for=frozenset(members.texts("speaks_for")) if listed else frozenset(),
    )


def _web_issuer_to_json(web_issuer: WebIssuer) -> dict[str, Any]:
    return {
        "issuer": web_issuer.issuer,
        "institution": web_issuer.institution,
        "name": web_issuer.name,
        "country": web_issuer.country,
        "credential_types": sorted(web_issuer.credential_types),
        "valid_from": web_issuer.valid_from,
        "valid_to": web_issuer.valid_to,
        "withdrawn_at": web_issuer.withdrawn_at,
        "keys": [dict(key) for key in web_issuer.keys],
        "believed_until": web_issuer.believed_until,
    }


def _web_issuer(members: FileMembers) -> WebIssuer:
    try:
        keys = published_keys({"keys": members.values["keys"]})
    except (Malformed, Untrusted) as exc:
        raise Misconfigured("trust_malformed", where=members.where, reason="keys") from exc
    return WebIssuer(
        issuer=members.text("issuer"),
        institution=members.text("institution"),
        name=members.text("name"),
        country=members.text("country"),
        credential_types=frozenset(members.texts("credential_types")),
        valid_from=members.seconds("valid_from"),
        valid_to=members.optional_seconds("valid_to"),
        withdrawn_at=members.optional_seconds("withdrawn_at"),
        keys=keys,
        believed_until=members.seconds("believed_until"),
    )


def _check_one_mechanism(store: TrustStore) -> None:
    """Refuse an issuer that is named twice, or both for its certificates and for its web keys."""
    web = [each.issuer for each in store.web_issuers]
    by_certificate = {
        issuer
        for each in store.authorisations
        if KeyPurpose.CREDENTIAL in each.purposes
        for issuer in each.issuers
    }
    if len(set(web)) != len(web) or not by_certificate.isdisjoint(web):
        raise Misconfigured("trust_malformed", where="web_issuers", reason="issuer_twice")


def _purposes(members: FileMembers) -> frozenset[KeyPurpose]:
    try:
        return frozenset(map(KeyPurpose, members.texts("purposes")))
    except ValueError as exc:
        raise Misconfigured("trust_malformed", where=members.where, reason="purposes") from exc
