"""Encryption and access tokens that are missing or not as they should be.

Spec: OpenID4VCI 1.0 §8.2, §8.3.1, §10; RFC 6750 §3.1.
"""

from dataclasses import replace
from typing import Final

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Record
from portadoc.conformance.conversation.credentials import Access, Order
from portadoc.conformance.refusals import TOKEN
from portadoc.conformance.suite.credential_requests import WrongRequest
from portadoc.conformance.trial import Trial
from portadoc.formats import jwe

_WORDS: Final = frozenset({"invalid_encryption_parameters"})


def answer_alone(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Ask for an encrypted answer in a request that is not encrypted."""
    if not trial.issuer(record).object("credential_response_encryption"):
        return None
    if trial.issuer(record).object("credential_request_encryption").get("encryption_required"):
        return None
    key = jwe.new_encryption_key(trial.kit.random_bytes)
    asked = {"jwk": key.public_jwk, "enc": "A256GCM"}
    return replace(order, encrypted=False, members={"credential_response_encryption": asked})


def plain_where_required(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Ask in clear where encryption is required."""
    names = ("credential_request_encryption", "credential_response_encryption")
    required = [trial.issuer(record).object(name).get("encryption_required") for name in names]
    return replace(order, plain=True) if any(required) else None


def unsupported_enc(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Ask for content encryption that the issuer does not list."""
    if not trial.issuer(record).object("credential_response_encryption"):
        return None
    key = jwe.new_encryption_key(trial.kit.random_bytes)
    asked = {"jwk": key.public_jwk, "enc": "A128CBC-HS256-UNKNOWN"}
    return replace(order, encrypted=True, members={"credential_response_encryption": asked})


def without_token(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Send no access token."""
    return replace(order, token="")


def made_up_token(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Send an access token that nobody gave."""
    return replace(order, token=access.client.secret())


CASES: Final = (
    WrongRequest(
        name=f"{OWN}access-token-missing",
        note="without an access token",
        check=Check(
            "access-token-missing-refused",
            "OpenID4VCI 1.0 §8.3.1.1, RFC 6750 §3.1",
            "A credential request without an access token is refused with 401",
            "The endpoint looks at the body first.",
            "Ask for the token before anything else.",
        ),
        words=frozenset({"", "invalid_token", "invalid_request"}),
        statuses=TOKEN,
        change=without_token,
    ),
    WrongRequest(
        name=f"{OWN}access-token-unknown",
        note="with an access token that nobody gave",
        check=Check(
            "access-token-unknown-refused",
            "OpenID4VCI 1.0 §8.3.1.1, RFC 6750 §3.1",
            "An unknown access token is refused with 401 invalid_token",
            "Another word or status is used for it.",
            "Answer 401 with WWW-Authenticate and the error invalid_token.",
        ),
        words=frozenset({"invalid_token"}),
        statuses=TOKEN,
        change=made_up_token,
    ),
    WrongRequest(
        name=f"{OWN}encrypted-answer-to-a-plain-request",
        note="that is plain and wants an encrypted answer",
        check=Check(
            "answer-encryption-alone-refused",
            "OpenID4VCI 1.0 §8.2",
            "A plain request for an encrypted answer is refused with invalid_encryption_parameters",
            "The key for the answer is taken from a request that anybody on the way could have changed.",
            "Require an encrypted request wherever credential_response_encryption is in it.",
        ),
        words=_WORDS,
        change=answer_alone,
        excuse="the issuer encrypts no answers, or refuses every plain request",
    ),
    WrongRequest(
        name=f"{OWN}plain-request-where-encryption-is-required",
        note="in clear",
        check=Check(
            "plain-request-refused",
            "OpenID4VCI 1.0 §10, §12.2.4",
            "A plain request is refused with invalid_encryption_parameters where encryption is required",
            "encryption_required is published and not enforced.",
            "Enforce it, or publish false.",
        ),
        words=_WORDS | {"invalid_credential_request"},
        change=plain_where_required,
        excuse="the issuer does not require encryption",
    ),
    WrongRequest(
        name=f"{OWN}unsupported-content-encryption",
        note="for content encryption that nobody has",
        check=Check(
            "unsupported-enc-refused",
            "OpenID4VCI 1.0 §8.3.1.2, §10",
            "Unsupported content encryption is refused with invalid_encryption_parameters",
            "enc is not compared with what the metadata offer.",
            "Answer invalid_encryption_parameters.",
        ),
        words=_WORDS,
        change=unsupported_enc,
        excuse="the issuer encrypts no answers",
    ),
)
MODULES: Final = tuple(case.module() for case in CASES)
