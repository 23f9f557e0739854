"""What issuers, authorization servers and publishers of types say of themselves."""

from collections.abc import Iterator, Mapping
from typing import Final

from portadoc.cli.inspection.finding import (
    Finding,
    Inspection,
    Said,
    Severity,
    absent,
    objects,
    old_members,
    old_shape,
    refusals,
)
from portadoc.cli.inspection.keys import inspect_jwks
from portadoc.cli.inspection.tokens import OpenedToken, content_of, parts_of, strict_findings
from portadoc.formats.roles import ISSUER_METADATA
from portadoc.formats.type_metadata import parse_type_metadata
from portadoc.schemas.claims import Json, JsonObject, dotted

_VCI: Final = "OpenID4VCI 1.0 §12.2.4"
_OLD_ISSUER: Final = {
    "credentials_supported": "credential_configurations_supported",
    "authorization_server": "authorization_servers",
    "batch_credential_endpoint": "batch_credential_issuance",
    "signed_metadata": "application/jwt",
    "credential_response_encryption_alg_values_supported": "credential_response_encryption",
    "credential_identifiers_supported": "",
}
_OLD_CONFIGURATION: Final = {
    "display": "credential_metadata.display",
    "claims": "credential_metadata.claims",
    "cryptographic_suites_supported": "credential_signing_alg_values_supported",
    "types": "vct",
}
_OLD_PROOF_TYPES: Final = {"ldp_vp": "di_vp", "cwt": ""}
_TYPE: Final = "SD-JWT VC §4"
_OLD_TYPE: Final = {"schema": "", "schema_uri": "", "schema#integrity": "", "schema_uri#integrity": ""}


def inspect_issuer_metadata(members: JsonObject) -> Inspection:
    """Return what a credential issuer offers, and where."""
    listed = members.get("credential_configurations_supported")
    configurations: JsonObject = listed if isinstance(listed, dict) else {}
    issuer = str(members.get("credential_issuer", "-"))
    said = [Said("what_issuer_metadata", {"issuer": issuer, "count": len(configurations)})]
    for name, each in configurations.items():
        kind = each if isinstance(each, dict) else {}
        terms = {"id": name, "format": str(kind.get("format", "-")), "vct": str(kind.get("vct", "-"))}
        said.append(Said("said_configuration", terms))
    return Inspection(
        kind="issuer_metadata",
        said=tuple(said),
        findings=(*_issuer_findings(members), *_configuration_findings(configurations)),
        content=members,
    )


def inspect_signed_metadata(token: OpenedToken, now: int) -> Inspection:
    """Return what signed issuer metadata says, as its payload says it."""
    inner = inspect_issuer_metadata(token.payload)
    return Inspection(
        kind="signed_issuer_metadata",
        said=(Said("what_signed_metadata"), *inner.said),
        findings=(*token.findings, *strict_findings(token, ISSUER_METADATA), *inner.findings),
        content=content_of(token),
        parts=parts_of(token, now),
    )


def inspect_server_metadata(members: JsonObject) -> Inspection:
    """Return what an authorization server says of itself."""
    grants = members.get("grant_types_supported")
    names = ", ".join(map(str, grants)) if isinstance(grants, list) else "-"
    terms = {"issuer": str(members.get("issuer", "-")), "grants": names}
    return Inspection(
        kind="server_metadata",
        said=(Said("what_server_metadata", terms),),
        findings=absent(members, "issuer", "token_endpoint", clause="RFC 8414 §2"),
        content=members,
    )


def inspect_web_keys(members: JsonObject) -> Inspection:
    """Return what the JWT VC issuer metadata says: which keys an issuer signs with."""
    jwks = members.get("jwks")
    both = "jwks" in members and "jwks_uri" in members
    findings = (Finding(Severity.FAULT, "claim_invalid", {"claim": "jwks"}, "SD-JWT VC §3.2"),) if both else ()
    return Inspection(
        kind="web_keys",
        said=(Said("what_web_keys", {"issuer": str(members.get("issuer", "-"))}),),
        findings=findings,
        content=members,
        parts={"jwks": inspect_jwks(jwks)} if isinstance(jwks, dict) else {},
    )


def inspect_type_metadata(members: JsonObject) -> Inspection:
    """Return how a type describes its claims."""
    vct = str(members.get("vct"))
    claims = objects(members.get("claims"))
    said = [Said("what_type_metadata", {"vct": vct, "count": len(claims)})]
    if "extends" in members:
        said.append(Said("said_extends", {"extends": str(members["extends"])}))
    rows = [
        {
            "path": dotted(each["path"]) if isinstance(each.get("path"), list) else "?",
            "sd": each.get("sd", "allowed"),
            "mandatory": each.get("mandatory", False),
            "labels": [entry.get("label", entry.get("name")) for entry in objects(each.get("display"))],
        }
        for each in claims
    ]
    return Inspection(
        kind="type_metadata",
        said=tuple(said),
        findings=(
            *refusals(lambda: parse_type_metadata(members, vct=vct)),
            *old_members(members, _OLD_TYPE, _TYPE),
            *_display_findings(members, claims),
        ),
        content={**{name: value for name, value in members.items() if name != "claims"}, "claims": rows},
    )


def _issuer_findings(members: JsonObject) -> Iterator[Finding]:
    yield from absent(members, "credential_issuer", "credential_endpoint", clause=_VCI)
    if "credentials_supported" not in members:
        yield from absent(members, "credential_configurations_supported", clause=_VCI)
    yield from old_members(members, _OLD_ISSUER, _VCI)
    for name in ("credential_issuer", "credential_endpoint", "nonce_endpoint"):
        if not str(members.get(name, "https:")).startswith("https:"):
            yield Finding(Severity.WARNING, "address_not_https", {"claim": name}, "OpenID4VCI 1.0 §12.2.1")
    if "nonce_endpoint" not in members:
        yield Finding(Severity.WARNING, "nonce_endpoint_absent", clause="HAIP 1.0 §4.1")


def _configuration_findings(configurations: Mapping[str, Json]) -> Iterator[Finding]:
    for name, each in configurations.items():
        if not isinstance(each, dict):
            yield Finding(Severity.FAULT, "claim_invalid", {"claim": name}, _VCI)
            continue
        yield from absent(each, "format", clause=_VCI)
        if each.get("format") == "vc+sd-jwt":
            yield old_shape("vc+sd-jwt", "dc+sd-jwt", "OpenID4VCI 1.0 App. A.3")
        if each.get("format") == "dc+sd-jwt":
            yield from absent(each, "vct", clause="OpenID4VCI 1.0 App. A.3.2")
        yield from old_members(each, _OLD_CONFIGURATION, _VCI)
        proof_types = each.get("proof_types_supported")
        if isinstance(proof_types, dict):
            yield from old_members(proof_types, _OLD_PROOF_TYPES, "OpenID4VCI 1.0 App. F")
        if ("proof_types_supported" in each) != ("cryptographic_binding_methods_supported" in each):
            yield Finding(Severity.FAULT, "claim_missing", {"claim": f"{name}: binding or proof types"}, _VCI)


def _display_findings(members: JsonObject, claims: list[JsonObject]) -> Iterator[Finding]:
    displays = [
        *objects(members.get("display")),
        *(each for claim in claims for each in objects(claim.get("display"))),
    ]
    if any("lang" in each for each in displays):
        yield old_shape("lang", "locale", _TYPE)
    if any("name" in each and "label" not in each for claim in claims for each in objects(claim.get("display"))):
        yield old_shape("claims.display.name", "claims.display.label", _TYPE)
