"""Links and QR codes that start something: credential offers and presentation requests. Nothing is fetched."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from portadoc.cli.inspection.finding import (
    Finding,
    Inspection,
    Said,
    Severity,
    absent,
    old_members,
    refusal,
    unknown_input,
)
from portadoc.cli.inspection.requests import inspect_request_object, request_findings, request_parts
from portadoc.cli.inspection.tokens import open_token, read_json
from portadoc.errors import Error, Malformed
from portadoc.schemas.claims import JsonObject

OFFER_SCHEMES: Final = frozenset({"openid-credential-offer", "haip-vci"})
REQUEST_SCHEMES: Final = frozenset({"openid4vp", "haip-vp", "eudi-openid4vp", "eu-eaap", "mdoc-openid4vp"})
_WEB: Final = frozenset({"http", "https"})
_LINK: Final = "RFC 6749 §3.1"
_OFFER: Final = "OpenID4VCI 1.0 §4.1"
_PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
_OLD_OFFER: Final = {"credentials": "credential_configuration_ids"}
_OLD_GRANT: Final = {"user_pin_required": "tx_code", "interval": ""}


def inspect_link(text: str, now: int) -> Inspection:
    """Return what a link starts. Raises Malformed[input_unknown], [input_is_address] for a web address."""
    try:
        parts = urlsplit(text)
    except ValueError as exc:
        raise unknown_input() from exc
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    parameters = dict(pairs)
    repeated = Malformed("link_invalid", spec=_LINK, reason="parameter_repeated")
    findings = (refusal(repeated),) if len(parameters) != len(pairs) else ()
    scheme = parts.scheme.lower()
    if scheme in OFFER_SCHEMES or (
        scheme in _WEB and any(name.startswith("credential_offer") for name in parameters)
    ):
        return _offer_link(parameters, findings)
    if scheme in REQUEST_SCHEMES or (scheme in _WEB and "client_id" in parameters):
        return _request_link(parameters, findings, now)
    if scheme in _WEB:
        raise Malformed("input_is_address")
    raise unknown_input()


def inspect_offer(members: JsonObject) -> Inspection:
    """Return what a credential offer promises."""
    configurations = members.get("credential_configuration_ids", members.get("credentials"))
    names = ", ".join(map(str, configurations)) if isinstance(configurations, list) else "-"
    grants = members.get("grants")
    named: JsonObject = grants if isinstance(grants, dict) else {}
    return Inspection(
        kind="offer",
        said=(
            Said("what_offer", {"issuer": str(members.get("credential_issuer", "-")), "configurations": names}),
            *_grant_sentences(named),
        ),
        findings=(
            *absent(members, "credential_issuer", clause="OpenID4VCI 1.0 §4.1.1"),
            *old_members(members, _OLD_OFFER, "OpenID4VCI 1.0 §4.1.1"),
            *_offer_findings(members, named),
        ),
        content=members,
    )


def _offer_findings(members: JsonObject, grants: JsonObject) -> Iterator[Finding]:
    configurations = members.get("credential_configuration_ids")
    if "credentials" not in members and (not isinstance(configurations, list) or not configurations):
        yield from absent({}, "credential_configuration_ids", clause="OpenID4VCI 1.0 §4.1.1")
    if not str(members.get("credential_issuer", "https:")).startswith("https:"):
        yield Finding(
            Severity.WARNING, "address_not_https", {"claim": "credential_issuer"}, "OpenID4VCI 1.0 §12.2.1"
        )
    grant = grants.get(_PRE_AUTHORIZED)
    if isinstance(grant, dict):
        yield from old_members(grant, _OLD_GRANT, "OpenID4VCI 1.0 §4.1.1")
        yield from absent(grant, "pre-authorized_code", clause="OpenID4VCI 1.0 §4.1.1")


def _grant_sentences(grants: JsonObject) -> Iterator[Said]:
    grant = grants.get(_PRE_AUTHORIZED)
    if isinstance(grant, dict):
        yield Said("said_pre_authorised")
        tx_code = grant.get("tx_code")
        if isinstance(tx_code, dict):
            terms = {"length": str(tx_code.get("length", "?")), "mode": str(tx_code.get("input_mode", "numeric"))}
            yield Said("said_tx_code", terms)
    if "authorization_code" in grants:
        yield Said("said_authorisation_code")


def _offer_link(parameters: Mapping[str, str], findings: tuple[Finding, ...]) -> Inspection:
    value, reference = parameters.get("credential_offer"), parameters.get("credential_offer_uri")
    if (value is None) == (reference is None):
        exactly_one = Malformed("link_invalid", spec=_OFFER, reason="credential_offer or credential_offer_uri")
        findings = (*findings, refusal(exactly_one))
    said = [Said("what_offer_link")]
    parts: dict[str, Inspection] = {}
    if reference is not None:
        said.append(Said("said_offer_reference", {"uri": reference}))
        findings = (*findings, *_address_findings("credential_offer_uri", reference))
    if value is not None:
        members, more = _json_parameter(value, "credential_offer")
        findings = (*findings, *more)
        parts = {} if members is None else {"offer": inspect_offer(members)}
    shown = {name: text for name, text in parameters.items() if name != "credential_offer" or not parts}
    return Inspection(kind="offer_link", said=tuple(said), findings=findings, content=shown, parts=parts)


def _request_link(parameters: Mapping[str, str], findings: tuple[Finding, ...], now: int) -> Inspection:
    value, reference = parameters.get("request"), parameters.get("request_uri")
    said = [Said("what_request_link"), Said("said_client", {"client_id": parameters.get("client_id", "-")})]
    findings = (*findings, *absent(parameters, "client_id", clause="RFC 9101 §5"))
    members: dict[str, Any] = dict(parameters)
    for name in ("dcql_query", "client_metadata", "presentation_definition"):
        if name in parameters:
            members[name], more = _json_parameter(parameters[name], name)
            findings = (*findings, *more)
    if reference is not None:
        said.append(Said("said_request_reference", {"uri": reference}))
        findings = (*findings, *_address_findings("request_uri", reference))
    if value is not None and reference is not None:
        both = Malformed("link_invalid", spec="RFC 9101 §5", reason="request or request_uri")
        findings = (*findings, refusal(both))
    if value is None and reference is None:
        findings = (*findings, Finding(Severity.WARNING, "request_unsigned", clause="HAIP 1.0 §5.1"))
    parts = {} if value is None else {"request": inspect_request_object(open_token(value), now)}
    parts |= request_parts(members)
    return Inspection(
        kind="request_link",
        said=tuple(said),
        findings=(*findings, *request_findings(members)),
        content={name: each for name, each in members.items() if name not in parts},
        parts=parts,
    )


def _address_findings(name: str, address: str) -> Iterator[Finding]:
    if not address.startswith("https:"):
        yield Finding(Severity.WARNING, "address_not_https", {"claim": name}, _LINK)


def _json_parameter(text: str, what: str) -> tuple[JsonObject | None, tuple[Finding, ...]]:
    """Return the object in a parameter, None with a finding when there is none."""
    try:
        value, findings = read_json(text, what)
    except Error as error:
        return None, (refusal(error),)
    if isinstance(value, dict):
        return value, findings
    return None, (refusal(Malformed("json_malformed", spec="RFC 8259 §4", what=what, reason="not_object")),)
