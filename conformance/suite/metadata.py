"""What the issuer and its authorization server publish.

Spec: OpenID4VCI 1.0 §12.2, §12.3; RFC 8414; HAIP 1.0 §4.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from portadoc.conformance.checks import Check, Module, Record, Severity
from portadoc.conformance.conversation.published import FORMAT, Published, object_of, proof_types, well_known
from portadoc.conformance.suite.credential_requests import SUITE
from portadoc.conformance.trial import Trial
from portadoc.conformance.wire import JSON_TYPE, Answer

_VCI: Final = "OpenID4VCI 1.0 §12.2.4"
READABLE: Final = Check(
    "metadata-readable",
    "OpenID4VCI 1.0 §12.2.2",
    "The metadata are a JSON object at the well-known address",
    "The well-known part is appended to the path instead of inserted before it, or something redirects.",
    "Serve application/json with status 200 at https://HOST/.well-known/openid-credential-issuer/PATH.",
)
SAME_ISSUER: Final = Check(
    "metadata-issuer",
    "OpenID4VCI 1.0 §12.2.2, §12.2.4",
    "credential_issuer is letter by letter the identifier that was asked for",
    "A slash at the end, another host name or the address of a proxy.",
    "Publish the very identifier that offers carry.",
)
REQUIRED: Final = Check(
    "metadata-required-members",
    _VCI,
    "credential_endpoint and credential_configurations_supported are there",
    "A member is missing or of another type.",
    "Publish both; configurations are an object that is not empty.",
)
HTTPS: Final = Check(
    "metadata-https",
    "OpenID4VCI 1.0 §12.2.1, §12.2.4",
    "Every address is HTTPS, without a fragment",
    "The server writes addresses as it sees itself behind a proxy.",
    "Build addresses from the public origin.",
)
KNOWN: Final = Check(
    "metadata-known-members",
    _VCI,
    "The metadata have no members that the specifications do not know",
    "A member of a draft or a spelling mistake.",
    "Leave it out, or take it as a reminder that it is an extension.",
    Severity.WARN,
)
CONFIGURATIONS: Final = Check(
    "configurations-complete",
    "OpenID4VCI 1.0 §12.2.4, App. A.3.2",
    "Every configuration has a format, and one of dc+sd-jwt a vct",
    "A configuration of a draft.",
    "Publish format and vct.",
)
OLD_FORMAT: Final = Check(
    "format-current",
    "OpenID4VCI 1.0 App. A.3.1",
    "No configuration has the format vc+sd-jwt",
    "The name changed to dc+sd-jwt before the final edition.",
    "Name the format dc+sd-jwt.",
    Severity.WARN,
)
SIGNING_ALGS: Final = Check(
    "signing-algorithms",
    _VCI,
    "credential_signing_alg_values_supported are JOSE names of signatures",
    "COSE numbers, or HMAC and none among them.",
    "List asymmetric JOSE algorithms such as ES256.",
)
CO_PRESENCE: Final = Check(
    "proof-types-co-presence",
    _VCI,
    "cryptographic_binding_methods_supported and proof_types_supported stand together or not at all",
    "One of the two is missing.",
    "Publish both for credentials that are bound to a key.",
)
PROOF_ALGS: Final = Check(
    "proof-algorithms",
    _VCI,
    "Every proof type lists the algorithms of its signatures",
    "proof_signing_alg_values_supported is missing or empty.",
    "List them, ES256 among them.",
)
SCOPES: Final = Check(
    "scope-syntax",
    "RFC 6749 §3.3, OpenID4VCI 1.0 §12.2.4",
    "Every scope is one scope token",
    "A space or a character that scopes cannot have.",
    "Use visible ASCII without quotation mark and backslash.",
)
SCOPE_THERE: Final = Check(
    "scope-present",
    "HAIP 1.0 §4.1",
    "Every configuration has a scope of its own",
    "The issuer relies on authorization_details alone.",
    "Give every configuration a scope that no other one has.",
)
OLD_DISPLAY: Final = Check(
    "display-in-credential-metadata",
    _VCI,
    "display and claims of a configuration stand under credential_metadata",
    "Drafts had them in the configuration itself.",
    "Move both under credential_metadata.",
)
LOCALES: Final = Check(
    "display-locales",
    _VCI,
    "A locale is a language tag and stands once in a display",
    "Two entries of one language, or a locale such as en_GB.",
    "Use BCP 47 tags, each once.",
)
NONCE_ENDPOINT: Final = Check(
    "nonce-endpoint",
    "HAIP 1.0 §4.1, OpenID4VCI 1.0 §7",
    "There is a nonce endpoint where keys are proven",
    "Nonces came with the token response in drafts.",
    "Publish nonce_endpoint.",
)
BATCH: Final = Check(
    "batch-size",
    _VCI,
    "batch_size is two or more",
    "batch_credential_issuance is published for single credentials.",
    "Leave it out, or make batches.",
)
ENCRYPTION: Final = Check(
    "encryption-parameters",
    "OpenID4VCI 1.0 §12.2.4, §10",
    "Encryption metadata name algorithms, and keys with kid and alg and nothing private",
    "A key without alg, an RSA1_5 algorithm, or a key pair published whole.",
    "Publish public keys, each with kid and alg, and AES-GCM content encryption.",
)
REQUEST_TOO: Final = Check(
    "request-encryption-too",
    "OpenID4VCI 1.0 §8.2, §10",
    "Whoever encrypts answers takes encrypted requests",
    "credential_request_encryption is missing beside credential_response_encryption.",
    "Publish keys for requests: without them no wallet can ask for an encrypted answer.",
)
SERVER: Final = Check(
    "server-metadata",
    "OpenID4VCI 1.0 §12.3, RFC 8414 §3",
    "The authorization server's metadata are a JSON object at its well-known address and name it",
    "The well-known part is appended to the path, or issuer differs by a slash.",
    "Serve application/json at /.well-known/oauth-authorization-server inserted before the path.",
)
SERVER_HAIP: Final = Check(
    "server-high-assurance",
    "HAIP 1.0 §4",
    "The server has pushed requests, S256, iss in its answers, DPoP with ES256 and client attestation",
    "A part of the profile is not there or not announced.",
    "Announce each in the server's metadata.",
)
CHALLENGES: Final = Check(
    "code-challenge-methods",
    "RFC 9126, RFC 7636 §4.2, HAIP 1.0 §4",
    "Wherever there is an authorization endpoint, S256 is a code challenge method and plain is not",
    "PKCE is not announced, or plain is left on.",
    "Announce S256 alone.",
)

_JOSE: Final = re.compile(r"(ES(256|384|512)|Ed(DSA|25519|448)|PS\d{3}|RS\d{3}|ML-DSA-\d\d|ES256K)")
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MEMBERS: Final = frozenset(
    [
        "credential_issuer",
        "authorization_servers",
        "credential_endpoint",
        "nonce_endpoint",
        "deferred_credential_endpoint",
        "notification_endpoint",
        "credential_request_encryption",
        "credential_response_encryption",
        "batch_credential_issuance",
        "display",
        "credential_configurations_supported",
        "status_list_aggregation_endpoint",
        "issuer_info",
        "preferred_client_status_period",
        "preferred_key_storage_status_period",
    ]
)
_ENDPOINTS: Final[tuple[str, ...]] = (
    "credential_endpoint",
    "nonce_endpoint",
    "deferred_credential_endpoint",
    "notification_endpoint",
)
_SERVER_ENDPOINTS: Final[tuple[str, ...]] = (
    "authorization_endpoint",
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "challenge_endpoint",
    "jwks_uri",
)
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_OLD_ALGS: Final = frozenset({"RSA1_5"})


def run(trial: Trial, record: Record) -> None:
    """Judge what is published, without asking for anything else."""
    answer = trial.wire.get(well_known(trial.setting.url, "openid-credential-issuer"))
    sound = answer.status == 200 and answer.content_type == JSON_TYPE and answer.json is not None
    record.require(READABLE, sound, "no JSON object with status 200 and application/json came", answer)
    issuer = trial.issuer(record)
    _whole(trial, issuer, record, answer)
    for name, configuration in issuer.configurations.items():
        _configuration(trial, name, configuration, record)
    _locales(issuer, record)
    _encryption(issuer, record)
    _server(trial, record)


def _whole(trial: Trial, issuer: Published, record: Record, answer: Answer) -> None:
    named = issuer.text("credential_issuer")
    record.judge(SAME_ISSUER, named == trial.setting.url, f"it says {named[:200]!r}", answer)
    complete = bool(issuer.text("credential_endpoint")) and bool(issuer.configurations)
    record.require(REQUIRED, complete, "one of the two is missing or of another type", answer)
    addresses = {name: issuer.text(name) for name in _ENDPOINTS if name in issuer.content}
    addresses |= {
        f"authorization_servers/{place}": each for place, each in enumerate(issuer.texts("authorization_servers"))
    }
    judge_https(trial, addresses, record)
    unknown = sorted(set(issuer.content) - _MEMBERS)
    record.judge(KNOWN, not unknown, f"unknown members: {', '.join(each[:40] for each in unknown[:8])}", answer)
    bound = any(proof_types(each) for each in issuer.configurations.values())
    record.judge(NONCE_ENDPOINT, not bound or bool(issuer.text("nonce_endpoint")), "there is none", answer)
    if "batch_credential_issuance" in issuer.content:
        record.judge(BATCH, issuer.batch_size >= 2, f"it is {issuer.batch_size}", answer)


def judge_https(trial: Trial, addresses: dict[str, str], record: Record) -> None:
    """Judge addresses; plain HTTP on this machine shows nothing of a public service."""
    faulty = [name for name, each in addresses.items() if urlsplit(each).fragment or not urlsplit(each).netloc]
    plain = [name for name, each in addresses.items() if urlsplit(each).scheme != "https"]
    if trial.on_loopback and plain and not faulty:
        record.not_applicable(HTTPS, "the issuer is on this machine and speaks plain HTTP")
        return
    record.judge(HTTPS, not plain and not faulty, f"not so: {', '.join(plain + faulty)}")


def _configuration(trial: Trial, name: str, found: dict[str, Any], record: Record) -> None:
    place, kind = f"configuration {name[:60]!r}", found.get("format")
    complete = isinstance(kind, str) and (kind != FORMAT or isinstance(found.get("vct"), str))
    record.judge(CONFIGURATIONS, complete, f"{place} has no format or no vct")
    record.judge(OLD_FORMAT, kind != "vc+sd-jwt", f"{place} has it")
    algs = found.get("credential_signing_alg_values_supported", [])
    named = isinstance(algs, list) and all(isinstance(each, str) and _JOSE.fullmatch(each) for each in algs)
    record.judge(SIGNING_ALGS, kind != FORMAT or named, f"{place} lists something else")
    both = ("cryptographic_binding_methods_supported" in found) == ("proof_types_supported" in found)
    record.judge(CO_PRESENCE, both, f"{place} has one of the two")
    lists = [each.get("proof_signing_alg_values_supported") for each in proof_types(found).values()]
    record.judge(PROOF_ALGS, all(isinstance(each, list) and each for each in lists), f"{place} lists none")
    scope = found.get("scope")
    sound = scope is None or (isinstance(scope, str) and bool(_SCOPE.fullmatch(scope)))
    record.judge(SCOPES, sound, f"{place} has another")
    if trial.profile.high_assurance:
        record.judge(SCOPE_THERE, isinstance(scope, str), f"{place} has none")
    record.judge(OLD_DISPLAY, not {"display", "claims"} & found.keys(), f"{place} has them in the old place")


def _displays(value: Any, depth: int = 0) -> Iterator[list[Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("display"), list):
            yield value["display"]
        for each in value.values():
            yield from _displays(each, depth + 1) if depth < 12 else ()
    elif isinstance(value, list):
        for each in value:
            yield from _displays(each, depth + 1) if depth < 12 else ()


def _locales(issuer: Published, record: Record) -> None:
    for display in _displays(issuer.content):
        locales = [object_of(each).get("locale") for each in display if "locale" in object_of(each)]
        tags = all(isinstance(each, str) and _LOCALE.fullmatch(each) for each in locales)
        if not tags or len(set(map(str, locales))) != len(locales):
            record.judge(LOCALES, False, f"a display has the locales {str(locales)[:120]}")
            return
    record.judge(LOCALES, True, "")


def _encryption(issuer: Published, record: Record) -> None:
    for_request = issuer.object("credential_request_encryption")
    for_answer = issuer.object("credential_response_encryption")
    if not for_request and not for_answer:
        record.not_applicable(ENCRYPTION, "the issuer does not encrypt")
        return
    keys = object_of(for_request.get("jwks")).get("keys")
    listed = [object_of(each) for each in keys] if isinstance(keys, list) else []
    public = all({"kid", "alg"} <= each.keys() and not _PRIVATE & each.keys() for each in listed)
    algs = for_answer.get("alg_values_supported", ["-"])
    encs = [each.get("enc_values_supported") for each in (for_request, for_answer) if each]
    named = isinstance(algs, list) and bool(algs) and not _OLD_ALGS & set(map(str, algs))
    complete = named and all(isinstance(each, list) and each for each in encs)
    record.judge(ENCRYPTION, bool(complete and public), "algorithms or keys are not in order")
    record.judge(REQUEST_TOO, not for_answer or bool(listed), "there are no keys for requests")


def _server(trial: Trial, record: Record) -> None:
    named = trial.issuer(record).texts("authorization_servers")
    url = named[0] if named else trial.setting.url
    answer = trial.wire.get(well_known(url, "oauth-authorization-server"))
    content = answer.json or {}
    sound = answer.status == 200 and answer.content_type == JSON_TYPE and content.get("issuer") == url
    record.require(
        SERVER, sound, f"issuer is {str(content.get('issuer'))[:200]!r}, status {answer.status}", answer
    )
    server = trial.server(record)
    judge_https(trial, {each: server.text(each) for each in _SERVER_ENDPOINTS if each in content}, record)
    methods = server.texts("code_challenge_methods_supported")
    if server.text("authorization_endpoint"):
        record.judge(CHALLENGES, "S256" in methods and "plain" not in methods, f"it has {methods!r}", answer)
    if trial.profile.high_assurance:
        record.judge(SERVER_HAIP, *_lacks(server), answer)


def _lacks(server: Published) -> tuple[bool, str]:
    there = {
        "pushed_authorization_request_endpoint": bool(server.text("pushed_authorization_request_endpoint")),
        "authorization_response_iss_parameter_supported": server.content.get(
            "authorization_response_iss_parameter_supported"
        )
        is True,
        "dpop_signing_alg_values_supported": "ES256" in server.texts("dpop_signing_alg_values_supported"),
        "token_endpoint_auth_methods_supported": "attest_jwt_client_auth"
        in server.texts("token_endpoint_auth_methods_supported"),
        "grant_types_supported": "authorization_code"
        in (server.texts("grant_types_supported") or ("authorization_code",)),
    }
    missing = [name for name, is_there in there.items() if not is_there]
    return not missing, f"not in order: {', '.join(missing)}"


MODULES: Final = (Module(f"{SUITE}metadata-test", "What the issuer and its authorization server publish", run),)
