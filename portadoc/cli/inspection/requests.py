"""What a verifier asks: the signed request object, its parameters, the DCQL query."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from portadoc.cli.inspection.finding import (
    Finding,
    Inspection,
    Said,
    Severity,
    objects,
    old_members,
    old_shape,
    refusal,
    refusals,
    removed,
)
from portadoc.cli.inspection.keys import inspect_jwks
from portadoc.cli.inspection.moments import said_times
from portadoc.cli.inspection.tokens import OpenedToken, carried_key, content_of, parts_of
from portadoc.errors import Error, Untrusted
from portadoc.formats.dcql.query import CredentialQuery, DcqlQuery, parse_query
from portadoc.formats.openid4vp.digital_credentials import verify_browser_request
from portadoc.formats.openid4vp.request_object import (
    UnverifiedRequestObject,
    parse_request_object,
    verify_request_object,
)
from portadoc.formats.openid4vp.verifier_attestation import (
    VerifierAttestation,
    parse_verifier_attestation,
    verify_verifier_attestation,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.keys.jwk import VerificationKey
from portadoc.schemas.claims import JsonObject, dotted

_VP: Final = "OpenID4VP 1.0 §5"
_OLD_REQUEST: Final = {
    "presentation_definition": "dcql_query",
    "presentation_definition_uri": "dcql_query",
    "client_id_scheme": "client_id prefix",
    "client_metadata_uri": "client_metadata",
    "verifier_attestations": "verifier_info",
}
_OLD_CLIENT_METADATA: Final = {
    "vp_formats": "vp_formats_supported",
    "authorization_encrypted_response_alg": "jwks (alg)",
    "authorization_encrypted_response_enc": "encrypted_response_enc_values_supported",
    "authorization_signed_response_alg": "",
    "jwks_uri": "jwks",
}
_OLD_PREFIXES: Final = {
    "did:": "decentralized_identifier:",
    "https:": "openid_federation:",
    "x509_san_uri:": "x509_hash:",
    "entity_id:": "openid_federation:",
    "verifier_attestation_jwt:": "verifier_attestation:",
}
_SKEW_S: Final = 60


def inspect_request_object(token: OpenedToken, now: int) -> Inspection:
    """Return what a signed request says."""
    parts = request_parts(token.payload)
    shown = content_of(token)
    shown["payload"] = {name: each for name, each in token.payload.items() if name not in parts}
    return Inspection(
        kind="request_object",
        said=(Said("what_request_object"), *_request_sentences(token.payload), *said_times(token.payload)),
        findings=(*token.findings, *_strict(token, now), *request_findings(token.payload)),
        content=shown,
        parts={**parts, **parts_of(token, now)},
    )


def inspect_request(members: JsonObject) -> Inspection:
    """Return what the parameters of an unsigned request say."""
    unsigned = Finding(Severity.WARNING, "request_unsigned", clause="HAIP 1.0 §5.1")
    return Inspection(
        kind="request",
        said=(Said("what_request"), *_request_sentences(members)),
        findings=(unsigned, *request_findings(members)),
        content=dict(members),
        parts=request_parts(members),
    )


def request_findings(members: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is old or missing in the parameters of a request."""
    yield from old_members(members, _OLD_REQUEST, _VP)
    metadata = members.get("client_metadata")
    if isinstance(metadata, dict):
        yield from old_members(metadata, _OLD_CLIENT_METADATA, "OpenID4VP 1.0 §5.1")
    client_id = str(members.get("client_id", ""))
    for old, current in _OLD_PREFIXES.items():
        if client_id.startswith(old):
            yield old_shape(f"client_id {old}", current, "OpenID4VP 1.0 §5.9")
    if str(members.get("response_mode", "")).endswith("direct_post"):
        yield Finding(Severity.WARNING, "response_in_clear", clause="HAIP 1.0 §5.1")


def request_parts(members: Mapping[str, Any]) -> dict[str, Inspection]:
    """Return the query and the keys inside a request."""
    readers = {"dcql_query": inspect_query, "presentation_definition": inspect_old_query}
    parts = {name: read(members[name]) for name, read in readers.items() if isinstance(members.get(name), dict)}
    metadata = members.get("client_metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("jwks"), dict):
        parts["jwks"] = inspect_jwks(metadata["jwks"])
    return parts


def inspect_query(members: JsonObject) -> Inspection:
    """Return what a DCQL query asks for."""
    read: list[DcqlQuery] = []
    problems = refusals(lambda: read.append(parse_query(members)))
    said_of_it = [Said("what_query", {"count": len(objects(members.get("credentials")))})]
    for query in read:
        said_of_it += [Said("said_query", _asked(each)) for each in query.credentials]
        options = [" | ".join(" + ".join(option) for option in each.options) for each in query.credential_sets]
        said_of_it += [Said("said_query_sets", {"options": each}) for each in options]
    return Inspection(
        kind="query",
        said=tuple(said_of_it),
        findings=(*problems, *_query_findings(members)),
        content=members,
    )


def inspect_old_query(members: JsonObject) -> Inspection:
    """Return that a query is of the kind that came before DCQL."""
    old = old_shape("presentation_definition", "dcql_query", "OpenID4VP 1.0 §6")
    return Inspection(
        kind="presentation_definition", said=(Said("what_old_query"),), findings=(old,), content=members
    )


def _asked(query: CredentialQuery) -> dict[str, str]:
    claims = ", ".join(dotted(claim.path) for claim in query.claims)
    return {"id": query.id, "types": ", ".join(query.vct_values) or query.format, "claims": claims or "-"}


def _query_findings(members: JsonObject) -> Iterator[Finding]:
    for each in objects(members.get("credentials")):
        if each.get("format") == "vc+sd-jwt":
            yield old_shape("vc+sd-jwt", "dc+sd-jwt", "OpenID4VP 1.0 App. B.3")
    if any("purpose" in each for each in objects(members.get("credential_sets"))):
        yield removed("credential_sets.purpose", "OpenID4VP 1.0 §6.2")


def _request_sentences(members: Mapping[str, Any]) -> Iterator[Said]:
    if "client_id" in members:
        yield Said("said_client", {"client_id": str(members["client_id"])})
    if "response_uri" in members:
        terms = {"response_uri": str(members["response_uri"]), "mode": str(members.get("response_mode", "-"))}
        yield Said("said_answer_to", terms)


def _strict(token: OpenedToken, now: int) -> tuple[Finding, ...]:
    """Return what a strict wallet refuses, with the certificate in the request taken for a trusted one."""
    try:
        unverified = parse_request_object(token.text, allowed_algs=ALL_ALGORITHMS)
        attestation = _attestation(unverified, now)
        key = attestation.key if attestation else carried_key(token)
        assert key is not None, "a request object without certificates or attestation does not parse"
        _verify(unverified, token.payload, key, attestation, now)
    except Error as error:
        return (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def _verify(
    unverified: UnverifiedRequestObject,
    payload: JsonObject,
    key: VerificationKey,
    attestation: VerifierAttestation | None,
    now: int,
) -> None:
    """Judge a request as a wallet does that was asked from where the request says."""
    client_id, wallet_nonce = payload.get("client_id"), payload.get("wallet_nonce")
    origins = payload.get("expected_origins")
    if isinstance(origins, list) and origins and str(payload.get("response_mode", "")).startswith("dc_api"):
        verify_browser_request(
            unverified, key=key, origin=str(origins[0]), now=now, skew_s=_SKEW_S, attestation=attestation
        )
        return
    verify_request_object(
        unverified,
        key=key,
        client_id=client_id if isinstance(client_id, str) else "",
        wallet_nonce=wallet_nonce if isinstance(wallet_nonce, str) else None,
        now=now,
        skew_s=_SKEW_S,
        attestation=attestation,
    )


def _attestation(unverified: UnverifiedRequestObject, now: int) -> VerifierAttestation | None:
    """Return the attestation in a request, its own certificate taken for a trusted one."""
    if unverified.unverified_attestation is None:
        return None
    read = parse_verifier_attestation(unverified.unverified_attestation, allowed_algs=ALL_ALGORITHMS)
    if not read.unverified_chain:
        raise Untrusted("verifier_attestation_invalid", spec="OpenID4VP 1.0 §12", reason="x5c_missing")
    key = certificate_key(parse_certificate(read.unverified_chain[0]))
    return verify_verifier_attestation(read, key=key, now=now, skew_s=_SKEW_S, allowed_algs=ALL_ALGORITHMS)
