"""Credential requests that are wrong in one way. Spec: OpenID4VCI 1.0 §8.2, §8.3.1.2, §10, App. D, App. F."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation.client import PLAIN, Twists
from portadoc.conformance.conversation.credentials import Access, Order
from portadoc.conformance.conversation.drafts import broken
from portadoc.conformance.conversation.published import attestation_required, object_of, proof_types
from portadoc.conformance.refusals import CLIENT_OR_REQUEST, REQUEST, refused
from portadoc.conformance.trial import Trial
from portadoc.formats import jwe

SUITE: Final = "oid4vci-1_0-issuer-"
INVALID_PROOF: Final = frozenset({"invalid_proof"})
INVALID_REQUEST: Final = frozenset({"invalid_credential_request"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRequest:
    """A request that is wrong in one way, made from an order that is right.

    ``change`` may return None where the wrong thing cannot be asked of this issuer; ``excuse`` then says why.
    """

    name: str
    note: str
    check: Check
    words: frozenset[str]
    change: Callable[[Trial, Record, Access, Order], Order | None]
    excuse: str = ""
    statuses: frozenset[int] = REQUEST
    twists: Twists = PLAIN
    profiles: frozenset[str] = frozenset()

    def module(self) -> Module:
        """Return the module that sends it."""
        return Module(self.name, self.check.title, self.run, self.profiles)

    def run(self, trial: Trial, record: Record) -> None:
        """Send the wrong request under an access that has been good for a right one. Raises Stopped, Lacking."""
        trial.sample(record)  # a refusal says something only of an issuer that accepts what is right
        access = trial.access(record)
        order = self.change(trial, record, access, trial.order(access, note=self.note))
        if order is None:
            record.not_applicable(self.check, self.excuse)
            return
        delivered = trial.deliver(access, order, record, twists=self.twists)
        refused(record, delivered.answer, self.check, words=self.words, statuses=self.statuses)


def without_proof(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Leave the proofs out, where the configuration asks for any."""
    if not proof_types(trial.issuer(record).configurations.get(order.configuration_id, {})):
        return None
    return replace(order, members={"proofs": None})


def bad_signature(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Break the signature of the key proof."""
    if not _takes(trial, record, order, "jwt"):
        return None
    return replace(order, proof=broken, kind="jwt")


def foreign_nonce(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Use a nonce that the issuer never gave."""
    if not trial.issuer(record).text("nonce_endpoint"):
        return None
    return replace(order, nonce=access.client.secret())


def bad_key_attestation(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Break the signature of the key attestation."""
    kind = attested_kind(trial, record, order)
    return replace(order, kind=kind, provider=trial.kit.provider, key_attestation=broken) if kind else None


def attested_kind(trial: Trial, record: Record, order: Order) -> str | None:
    """Return a proof type under which the issuer looks at key attestations, None where there is none."""
    configuration = trial.issuer(record).configurations.get(order.configuration_id, {})
    for kind in proof_types(configuration):
        if kind == "attestation" or attestation_required(configuration, kind):
            return kind
    return None


def unknown_configuration(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Name a configuration that the issuer does not have."""
    named = f"unknown-{access.client.secret()[:12]}"
    return replace(order, members={"credential_identifier": None, "credential_configuration_id": named})


def unknown_identifier(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Name a credential that the token response did not name."""
    named = f"unknown-{access.client.secret()[:12]}"
    return replace(order, members={"credential_identifier": named, "credential_configuration_id": None})


def unsupported_encryption(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Ask for an answer that is encrypted by an algorithm that does not exist."""
    if not trial.issuer(record).object("credential_response_encryption"):
        return None
    jwk = {**jwe.new_encryption_key(trial.kit.random_bytes).public_jwk, "alg": "UNSUPPORTED_ALG"}
    asked: dict[str, Any] = {"jwk": jwk, "enc": "A256GCM"}
    return replace(order, encrypted=True, members={"credential_response_encryption": asked})


def token_in_query(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Send the access token in the address and not in the header."""
    return replace(order, query=f"?access_token={access.token}", token="")


def _takes(trial: Trial, record: Record, order: Order, kind: str) -> bool:
    return kind in proof_types(object_of(trial.issuer(record).configurations.get(order.configuration_id)))


_NO_PROOFS: Final = "the configuration asks for no key proof"
_NO_ATTESTATIONS: Final = "the configuration asks for no key attestation"

CASES: Final = (
    WrongRequest(
        name=f"{SUITE}fail-invalid-nonce",
        note="with a key proof under a nonce that the issuer never gave",
        check=Check(
            "foreign-nonce-refused",
            "OpenID4VCI 1.0 §8.3.1.2",
            "A key proof under a nonce that the issuer did not give is refused with invalid_nonce",
            "The nonce of the proof is not compared with those given out, or answered with invalid_proof.",
            "Accept live nonces of your nonce endpoint only and answer others with invalid_nonce.",
        ),
        words=frozenset({"invalid_nonce"}),
        change=foreign_nonce,
        excuse="the issuer has no nonce endpoint",
    ),
    WrongRequest(
        name=f"{SUITE}fail-invalid-jwt-proof-signature",
        note="with a key proof whose signature is broken",
        check=Check(
            "proof-signature-refused",
            "OpenID4VCI 1.0 §8.3.1.2, App. F.4",
            "A key proof with a broken signature is refused with invalid_proof",
            "The signature of the proof is not verified by the key in its header.",
            "Verify the signature before anything else is done with the key.",
        ),
        words=INVALID_PROOF,
        change=bad_signature,
        excuse=_NO_PROOFS,
    ),
    WrongRequest(
        name=f"{SUITE}fail-missing-proof",
        note="without proofs",
        check=Check(
            "missing-proof-refused",
            "OpenID4VCI 1.0 §8.2, §8.3.1.2",
            "A request without proofs is refused with invalid_proof",
            "proofs counts as optional although the configuration has proof_types_supported.",
            "Require proofs wherever the configuration names proof types.",
        ),
        words=INVALID_PROOF,
        change=without_proof,
        excuse=_NO_PROOFS,
    ),
    WrongRequest(
        name=f"{SUITE}fail-invalid-key-attestation-signature",
        note="with a key attestation whose signature is broken",
        check=Check(
            "key-attestation-signature-refused",
            "OpenID4VCI 1.0 §8.3.1.2, App. D.1",
            "A key attestation with a broken signature is refused with invalid_proof",
            "The claims of the attestation are read and its signature is not verified.",
            "Verify the attestation by the certificate of its x5c header.",
        ),
        words=INVALID_PROOF,
        change=bad_key_attestation,
        excuse=_NO_ATTESTATIONS,
    ),
    WrongRequest(
        name=f"{SUITE}fail-unknown-credential-configuration",
        note="for a credential configuration that the issuer does not have",
        check=Check(
            "unknown-configuration-refused",
            "OpenID4VCI 1.0 §8.3.1.2",
            "An unknown credential_configuration_id is refused with unknown_credential_configuration",
            "Drafts had unsupported_credential_type for it.",
            "Answer with unknown_credential_configuration.",
        ),
        words=frozenset({"unknown_credential_configuration"}),
        change=unknown_configuration,
    ),
    WrongRequest(
        name=f"{SUITE}fail-unknown-credential-identifier",
        note="for a credential identifier that the issuer did not give",
        check=Check(
            "unknown-identifier-refused",
            "OpenID4VCI 1.0 §8.3.1.2",
            "An unknown credential_identifier is refused with unknown_credential_identifier",
            "The identifier is not looked up among those of the token response.",
            "Answer with unknown_credential_identifier.",
        ),
        words=frozenset({"unknown_credential_identifier"}),
        change=unknown_identifier,
    ),
    WrongRequest(
        name=f"{SUITE}fail-unsupported-encryption-algorithm",
        note="for an answer encrypted by the algorithm UNSUPPORTED_ALG",
        check=Check(
            "unsupported-encryption-refused",
            "OpenID4VCI 1.0 §8.3.1.2, §10",
            "An unsupported encryption algorithm is refused with invalid_encryption_parameters",
            "The alg of the wallet's key is ignored.",
            "Compare alg and enc with what the metadata offer, and answer with invalid_encryption_parameters.",
        ),
        words=frozenset({"invalid_encryption_parameters"}),
        change=unsupported_encryption,
        excuse="the issuer encrypts no answers",
    ),
    WrongRequest(
        name=f"{SUITE}fail-on-access-token-in-query",
        note="with the access token in the query",
        check=Check(
            "token-in-query-refused",
            "RFC 6750 §2.3, FAPI 2.0 §5.3.4",
            "An access token in the query is not accepted",
            "The framework looks for the token in the query as well.",
            "Take access tokens from the Authorization header only.",
        ),
        words=frozenset({"invalid_request", "invalid_token", ""}),
        change=token_in_query,
        statuses=CLIENT_OR_REQUEST,
    ),
)
MODULES: Final = tuple(case.module() for case in CASES)
