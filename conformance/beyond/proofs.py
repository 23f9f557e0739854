"""Key proofs and credential requests that the suite does not send.

Spec: OpenID4VCI 1.0 §8.2, App. D, App. F.4; TS3 v1.5.
"""

from dataclasses import replace
from typing import Any, Final

from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation.credentials import Access, Order, fetch_nonce, nonce_of
from portadoc.conformance.conversation.drafts import Draft, Twist
from portadoc.conformance.conversation.published import object_of, proof_types, texts_of
from portadoc.conformance.refusals import refused
from portadoc.conformance.suite.credential_requests import (
    INVALID_PROOF,
    INVALID_REQUEST,
    WrongRequest,
    attested_kind,
)
from portadoc.conformance.trial import Trial

OWN: Final = "portadoc-issuer-"
_WEAKEST: Final = "iso_18045_basic"
_EUROPEAN: Final = frozenset({"eudi-2026"})


def proof_twisted(twist: Twist) -> Any:
    """Return the change of a request that twists its key proof."""

    def change(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
        configuration = trial.issuer(record).configurations.get(order.configuration_id, {})
        return replace(order, proof=twist, kind="jwt") if "jwt" in proof_types(configuration) else None

    return change


def attestation_twisted(twist: Twist, kind: str | None = None) -> Any:
    """Return the change of a request that twists its key attestation."""

    def change(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
        found = attested_kind(trial, record, order)
        if found is None or (kind is not None and found != kind):
            return None
        return replace(order, kind=found, provider=trial.kit.provider, key_attestation=twist)

    return change


def private_key_in_header(draft: Draft) -> Draft:
    """Put a private member into the key of the header."""
    return draft.head(jwk={**draft.header["jwk"], "d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"})


def weak(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Let the provider vouch for keys that are kept worse than the metadata ask, where they ask for anything."""
    kind = attested_kind(trial, record, order)
    configuration = trial.issuer(record).configurations.get(order.configuration_id, {})
    needs = object_of(proof_types(configuration).get(kind or "", {}).get("key_attestations_required"))
    asked = [each for name in ("key_storage", "user_authentication") for each in texts_of(needs.get(name))]
    if kind is None or not asked or _WEAKEST in asked:
        return None
    levels = [_WEAKEST]
    change = attestation_twisted(lambda draft: draft.claims(key_storage=levels, user_authentication=levels))
    found: Order | None = change(trial, record, access, order)
    return found


def by_stranger(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Let a wallet provider vouch that nobody knows."""
    kind = attested_kind(trial, record, order)
    return replace(order, kind=kind, provider=trial.kit.stranger) if kind else None


def second_key_signs(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Sign the proof by the second of the attested keys."""
    configuration = trial.issuer(record).configurations.get(order.configuration_id, {})
    if attested_kind(trial, record, order) != "jwt" or "jwt" not in proof_types(configuration):
        return None
    first, second = trial.kit.new_key(), trial.kit.new_key()
    swapped = replace(order, keys=(second, first), kind="jwt", provider=trial.kit.provider)

    def in_order(draft: Draft) -> Draft:
        return draft.claims(attested_keys=[dict(first.public_jwk), dict(second.public_jwk)])

    return replace(swapped, key_attestation=in_order)


def too_many(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Ask for one copy more than the issuer makes."""
    count = trial.issuer(record).batch_size + 1
    return replace(order, keys=tuple(trial.kit.new_key() for _ in range(count))) if count <= 40 else None


def same_key_twice(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Prove one key twice."""
    return replace(order, keys=order.keys * 2) if trial.issuer(record).batch_size > 1 else None


def both_names(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Name the credential in both ways."""
    members = {"credential_identifier": "one", "credential_configuration_id": order.configuration_id}
    return replace(order, members=members)


def old_shape(trial: Trial, record: Record, access: Access, order: Order) -> Order | None:
    """Send ``proof`` as drafts had it."""
    return replace(order, members={"proofs": None, "proof": {"proof_type": "jwt", "jwt": "a.b.c"}})


def _case(
    name: str,
    note: str,
    change: Any,
    *,
    words: frozenset[str] = INVALID_PROOF,
    clause: str,
    cause: str,
    mend: str,
    excuse: str = "the configuration takes no proofs of the type jwt",
    profiles: frozenset[str] = frozenset(),
) -> WrongRequest:
    title = f"A request {note} is refused with {' or '.join(sorted(words))}"
    check = Check(f"{name}-refused", clause, title, cause, mend)
    return WrongRequest(
        name=f"{OWN}{name}",
        note=note,
        check=check,
        words=words,
        change=change,
        excuse=excuse,
        profiles=profiles,
    )


_PROOF: Final = "OpenID4VCI 1.0 App. F.4"
_ATTESTATION: Final = "OpenID4VCI 1.0 App. D.1, F.1"
_NONE: Final = "the configuration asks for no key attestation"

CASES: Final = (
    _case(
        "proof-for-another-issuer",
        "with a key proof for another audience",
        proof_twisted(lambda draft: draft.claims(aud="https://other.example")),
        clause=_PROOF,
        cause="aud is not compared with the Credential Issuer Identifier.",
        mend="Require aud to be exactly the Credential Issuer Identifier, and not an endpoint.",
    ),
    _case(
        "proof-of-another-type",
        "with a key proof of the typ JWT",
        proof_twisted(lambda draft: draft.head(typ="JWT")),
        clause=_PROOF,
        cause="typ is not looked at, so any token that the key signed would do.",
        mend="Require the typ openid4vci-proof+jwt.",
    ),
    _case(
        "proof-with-private-key",
        "with a private key in the header of the key proof",
        proof_twisted(private_key_in_header),
        clause=_PROOF,
        cause="The key is read without a look at its members.",
        mend="Refuse keys with private members; such a key is known to everybody on the way.",
    ),
    _case(
        "proof-with-two-keys",
        "with kid beside jwk in the key proof",
        proof_twisted(lambda draft: draft.head(kid="did:example:1#1")),
        clause="OpenID4VCI 1.0 App. F.1",
        cause="One of the members wins silently.",
        mend="Require exactly one of kid, jwk and x5c.",
    ),
    _case(
        "proof-unsigned",
        "with a key proof of the alg none",
        proof_twisted(lambda draft: draft.head(alg="none")),
        clause=_PROOF,
        cause="The library takes the algorithm from the token.",
        mend="Take only the algorithms of proof_signing_alg_values_supported.",
    ),
    _case(
        "proof-from-yesterday",
        "with a key proof that was made a day ago",
        proof_twisted(lambda draft: draft.claims(iat=draft.payload["iat"] - 86_400)),
        clause=_PROOF,
        cause="iat is not looked at.",
        mend="Accept proofs that were made within minutes.",
    ),
    _case(
        "proof-without-nonce",
        "with a key proof without nonce",
        proof_twisted(lambda draft: draft.claims(nonce=None)),
        clause=_PROOF,
        words=frozenset({"invalid_proof", "invalid_nonce"}),
        cause="A missing nonce counts as one that holds.",
        mend="Require the nonce wherever the metadata have a nonce endpoint.",
    ),
    _case(
        "proofs-too-many",
        "for more copies than batch_size",
        too_many,
        words=frozenset({"invalid_proof", "invalid_credential_request"}),
        clause="OpenID4VCI 1.0 §8.2, §12.2.4",
        cause="The number of proofs is not bounded.",
        mend="Refuse more keys than batch_size.",
        excuse="the batch size is too large to be exceeded",
    ),
    _case(
        "proofs-of-one-key",
        "with two proofs of one key",
        same_key_twice,
        words=frozenset({"invalid_proof", "invalid_credential_request"}),
        clause="OpenID4VCI 1.0 §8.2",
        cause="Keys are not compared; the copies of a batch would be linked by their key.",
        mend="Require every key of a request to be another one.",
        excuse="the issuer makes no batches",
    ),
    _case(
        "two-names",
        "with credential_identifier and credential_configuration_id",
        both_names,
        words=INVALID_REQUEST,
        clause="OpenID4VCI 1.0 §8.2",
        cause="One of the members wins silently.",
        mend="Require exactly one of the two.",
    ),
    _case(
        "proof-of-old-drafts",
        "with proof in the form of early drafts",
        old_shape,
        words=frozenset({"invalid_proof", "invalid_credential_request"}),
        clause="OpenID4VCI 1.0 §8.2",
        cause="The endpoint still speaks a draft.",
        mend="Read proofs, an object of arrays, and nothing else.",
    ),
    _case(
        "key-attestation-of-a-stranger",
        "with a key attestation by a wallet provider that nobody knows",
        by_stranger,
        clause="HAIP 1.0 §4.5.1",
        cause="The signature is verified by the certificate that came along, whoever it is of.",
        mend="Validate the chain up to anchors of wallet providers.",
        excuse=_NONE,
    ),
    _case(
        "key-attestation-expired",
        "with a key attestation that has expired",
        attestation_twisted(
            lambda draft: draft.claims(iat=draft.payload["iat"] - 7200, exp=draft.payload["iat"] - 3600)
        ),
        clause=_ATTESTATION,
        cause="exp is not looked at.",
        mend="Refuse attestations whose exp has passed.",
        excuse=_NONE,
    ),
    _case(
        "key-attestation-without-exp",
        "with a key attestation without exp in the header of a key proof",
        attestation_twisted(lambda draft: draft.claims(exp=None), "jwt"),
        clause="OpenID4VCI 1.0 App. F.1",
        cause="exp counts as optional everywhere.",
        mend="Require exp where the attestation stands in the header of a jwt proof.",
        excuse=_NONE,
    ),
    _case(
        "key-attestation-under-another-nonce",
        "with a key attestation under a nonce that the issuer never gave",
        attestation_twisted(lambda draft: draft.claims(nonce="of-somebody-else")),
        words=frozenset({"invalid_proof", "invalid_nonce"}),
        clause=_ATTESTATION,
        cause="The nonce of the attestation is not looked at, so that an old one can be used again.",
        mend="Compare the attestation's nonce with those given out.",
        excuse=_NONE,
    ),
    _case(
        "key-attestation-of-no-keys",
        "with a key attestation that attests no keys",
        attestation_twisted(lambda draft: draft.claims(attested_keys=[])),
        clause=_ATTESTATION,
        cause="An empty attested_keys passes every comparison.",
        mend="Require at least one attested key.",
        excuse=_NONE,
    ),
    _case(
        "key-attestation-of-weak-keys",
        "with a key attestation of a level below the required one",
        weak,
        clause="OpenID4VCI 1.0 App. D.2, §12.2.4",
        cause="key_storage and user_authentication are not compared with the metadata.",
        mend="Refuse attestations below key_attestations_required.",
        excuse="the metadata name no level that keys need",
    ),
    _case(
        "proof-by-the-second-key",
        "with a key proof by the second of the attested keys",
        second_key_signs,
        clause="TS3 v1.5 §2.2.2.2",
        cause="Any attested key is taken as the one that signs.",
        mend="Require the signature by the first of attested_keys.",
        excuse=_NONE,
        profiles=_EUROPEAN,
    ),
)

NONCE_ONCE: Final = Check(
    "nonce-replay-refused",
    "OpenID4VCI 1.0 §8.3.1.2, §13.8",
    "A nonce that was used is refused with invalid_nonce",
    "Nonces are good until they end, however often they come.",
    "Use a nonce up with the first credential that is issued under it.",
)


def nonce_replay(trial: Trial, record: Record) -> None:
    """Obtain a credential, and ask for another one under the same nonce."""
    access, _, _ = trial.sample(record)
    if not trial.issuer(record).text("nonce_endpoint"):
        record.not_applicable(NONCE_ONCE, "the issuer has no nonce endpoint")
        return
    nonce = nonce_of(fetch_nonce(access.client, trial.issuer(record)))
    access = trial.access(record)
    first = trial.deliver(access, trial.order(access, nonce=nonce), record)
    record.step(bool(first.credentials), "the issuer gave no credential", first.answer)
    note = "under a nonce that was used before"
    again = trial.deliver(access, trial.order(access, nonce=nonce, note=note), record)
    refused(record, again.answer, NONCE_ONCE, words=frozenset({"invalid_nonce"}))


MODULES: Final = (
    Module(f"{OWN}nonce-replay", NONCE_ONCE.title, nonce_replay),
    *(case.module() for case in CASES),
)
