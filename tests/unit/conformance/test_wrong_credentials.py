"""Every check of what a credential says, against a credential that is wrong in just that."""

import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from portadoc import base64url
from portadoc.conformance.checks import Outcome, Record, RunReport
from portadoc.conformance.credentials import take_apart
from portadoc.conformance.suite.batches import _statuses
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.development_chain import make_root
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.purposes import TrustDomain
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from tests.unit.conformance.spoilt import Card, Spoilt, at, cards, with_headers, with_members
from tests.unit.conformance.workshop import NOW, Bench

CONTENT, BATCH = "portadoc-issuer-credential-content", "oid4vci-1_0-issuer-batch-issuance"
PUBLIC = "portadoc-issuer-public-body-credential"
OTHER_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
DAY_S = 86_400


def failed(report: RunReport, outcome: Outcome = Outcome.FAILED) -> set[str]:
    return {found.check.id for each in report.modules for found in each.findings if found.outcome is outcome}


def each_card(change: Callable[[Card], None]) -> Callable[[list[Card]], None]:
    def change_all(found: list[Card]) -> None:
        for card in found:
            change(card)

    return change_all


def claims(**members: Any) -> Callable[[list[Card]], None]:
    """Change claims of all copies; None takes one out."""

    def change(card: Card) -> None:
        changed = {**card.payload, **{name.replace("__", "#"): value for name, value in members.items()}}
        card.payload = {name: value for name, value in changed.items() if value is not None}

    return each_card(change)


def header(**members: Any) -> Callable[[list[Card]], None]:
    def change(card: Card) -> None:
        changed = {**card.header, **{name.replace("__", "#"): value for name, value in members.items()}}
        card.header = {name: value for name, value in changed.items() if value is not None}

    return each_card(change)


def short_salts(card: Card) -> None:
    """Disclose one claim under a salt of three characters."""
    text = base64url.encode(b'["abc","nickname","x"]')
    card.disclosures.append(text)
    card.payload["_sd"] = [*card.payload["_sd"], base64url.encode(hashlib.sha256(text.encode()).digest())]


def lost_disclosure(card: Card) -> None:
    card.disclosures.append(base64url.encode(b'["salt-that-nobody-refers-to","name","x"]'))


def self_signed_too(card: Card) -> None:
    card.header["x5c"] = [*card.header["x5c"], _root()]


def _root() -> str:
    root = make_root(TrustDomain.ATTESTATION, now=NOW, random_bytes=system_random_bytes)
    return binascii.b2a_base64(root.der, newline=False).decode()


def hidden_cnf(card: Card) -> None:
    """Make cnf selectively disclosable."""
    text = base64url.encode(json.dumps(["0123456789abcdef012345", "cnf", card.payload.pop("cnf")]).encode())
    card.disclosures.append(text)
    card.payload["_sd"] = [*card.payload["_sd"], base64url.encode(hashlib.sha256(text.encode()).digest())]


FAULTS = {
    "credential-form": each_card(lost_disclosure),
    "credential-typ": header(typ="vc+sd-jwt"),
    "credential-signature": each_card(self_signed_too),
    "credential-cnf": claims(cnf={"jwk": OTHER_KEY}),
    "credential-in-time": claims(nbf=NOW // DAY_S * DAY_S + 2 * DAY_S),
    "status-form": claims(status={"status_list": {"idx": "1", "uri": "https://lists.example/1"}}),
    "type-metadata": claims(vct__integrity="sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "type-metadata-mandatory": claims(issuing_authority=None),
}


ADVICE = {"credential-rounded-times": claims(iat=NOW), "credential-salts": each_card(short_salts)}


@pytest.mark.parametrize("check", ADVICE)
def test_a_credential_that_passes_over_advice_is_warned_of(check: str, latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    report = latest.run(CONTENT, transport=Spoilt(latest.transport, cards(ADVICE[check], signer)))
    assert (failed(report), failed(report, Outcome.WARNED)) == (set(), {check})


@pytest.mark.parametrize("check", FAULTS)
def test_a_credential_that_is_wrong_in_one_way_fails_its_check(check: str, latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    report = latest.run(CONTENT, transport=Spoilt(latest.transport, cards(FAULTS[check], signer)))
    assert failed(report) == {check}


def test_a_claim_that_has_to_be_in_clear_and_is_hidden_fails(latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    report = latest.run(CONTENT, transport=Spoilt(latest.transport, cards(each_card(hidden_cnf), signer)))
    assert failed(report) == {"credential-open-claims", "credential-cnf", "type-metadata-sd"}


def test_a_type_that_the_configuration_does_not_name_fails(latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    change = claims(vct="urn:example:other:1", vct__integrity=None)
    report = latest.run(CONTENT, transport=Spoilt(latest.transport, cards(change, signer)))
    assert failed(report) == {"credential-vct"}


def test_a_credential_without_any_end_fails(latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    change = claims(exp=None, status=None)
    found = failed(latest.run(CONTENT, transport=Spoilt(latest.transport, cards(change, signer))))
    assert found == {"credential-validity", "type-metadata-mandatory"}


def test_a_signature_by_another_key_fails(latest: Bench) -> None:
    other = latest.kit.new_key()
    found = failed(latest.run(CONTENT, transport=Spoilt(latest.transport, cards(lambda _: None, other))))
    assert found == {"credential-signature"}


class TestStatusLists:
    @pytest.mark.parametrize(
        "change",
        [
            with_headers(content_type="application/jwt"),
            lambda answer: replace(answer, status=404),
            lambda answer: replace(answer, body=answer.body[:-4] + b"AAAA"),
            lambda answer: replace(answer, body=b"<html>"),
        ],
        ids=["content type", "not found", "signature", "html"],
    )
    def test_a_list_that_cannot_be_believed_fails(self, change: Any, latest: Bench) -> None:
        report = latest.run(CONTENT, transport=Spoilt(latest.transport, at("/status/", change)))
        assert failed(report) == {"status-list"}

    @pytest.mark.parametrize(("uri", "check"), [("https://other.example", "status-list"), ("", "status-valid")])
    def test_a_list_for_another_address_or_with_everything_withdrawn_fails(
        self, uri: str, check: str, latest: Bench
    ) -> None:
        asked: list[str] = []
        signer = latest.issuer_signer(KeyPurpose.STATUS)
        withdrawn = StatusList.of(4096, bits=1).with_status(range(4096), 1)

        def spoil(sent: Any, answer: Any) -> Any:
            if "/status/" not in sent.url:
                return answer
            asked.append(sent.url)
            statuses = StatusList.of(4096, bits=1) if uri else withdrawn
            token = make_status_list_token(
                statuses, uri=uri or sent.url, iat=NOW - 60, exp=NOW + 3600, ttl=300, signer=signer
            )
            return replace(answer, body=token.encode())

        report = latest.run(CONTENT, transport=Spoilt(latest.transport, spoil))
        assert asked
        assert failed(report) == {check}


def test_other_type_metadata_than_the_digest_names_fail(latest: Bench) -> None:
    report = latest.run(CONTENT, transport=Spoilt(latest.transport, at("/types/", with_members(name="other"))))
    assert failed(report) == {"type-metadata"}


def test_claims_that_the_type_never_lets_be_hidden_fail(latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)

    def open_up(card: Card) -> None:
        """Put a claim that has to be disclosable into the clear."""
        read = [json.loads(base64url.decode(each, what="disclosure")) for each in card.disclosures]
        place = next(number for number, each in enumerate(read) if len(each) == 3)
        digest = base64url.encode(hashlib.sha256(card.disclosures[place].encode()).digest())
        card.payload["_sd"] = [each for each in card.payload["_sd"] if each != digest]
        card.payload[read[place][1]] = read[place][2]
        del card.disclosures[place]

    report = latest.run(CONTENT, transport=Spoilt(latest.transport, cards(each_card(open_up), signer)))
    assert failed(report) == {"type-metadata-sd"}


def numbered(first: int, step: int) -> Callable[[list[Card]], None]:
    numbers = count(first, step)

    def change(found: list[Card]) -> None:
        for card in found:
            card.payload["status"] = {
                "status_list": {"idx": next(numbers), "uri": card.payload["status"]["status_list"]["uri"]}
            }

    return change


def second(**members: Any) -> Callable[[list[Card]], None]:
    def change(found: list[Card]) -> None:
        found[1].payload.update(members)

    return change


def same_key(found: list[Card]) -> None:
    found[1].payload["cnf"] = found[0].payload["cnf"]


def same_salts(found: list[Card]) -> None:
    kept = {name: found[1].payload[name] for name in ("cnf", "status", "sub", "jti") if name in found[1].payload}
    found[1].payload = {**found[0].payload, **kept}
    found[1].disclosures = list(found[0].disclosures)


def precise(found: list[Card]) -> None:
    for number, card in enumerate(found):
        card.payload["exp"] = NOW + 30 * DAY_S + number


def one_more(found: list[Card]) -> None:
    found.append(Card(dict(found[0].header), {**found[0].payload, "cnf": {"jwk": OTHER_KEY}}, []))


BATCHES = {
    "batch-same-dataset": (second(issuing_country="DE"), {"batch-same-dataset"}),
    "batch-distinct-keys": (same_key, {"batch-distinct-keys"}),
    "batch-distinct-salts": (same_salts, {"batch-distinct-salts"}),
    "batch-distinct-status": (numbered(7, 0), {"batch-distinct-status"}),
    "batch-rounded-times": (precise, {"batch-rounded-times"}),
    "batch-not-more-than-proofs": (
        one_more,
        {"batch-not-more-than-proofs", "batch-distinct-keys", "batch-same-dataset", "batch-distinct-status"},
    ),
}


@pytest.mark.parametrize("check", BATCHES)
def test_a_batch_whose_copies_can_be_linked_fails_its_check(check: str, latest: Bench) -> None:
    change, due = BATCHES[check]
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    report = latest.run(BATCH, transport=Spoilt(latest.transport, cards(change, signer)))
    assert check in failed(report)
    assert failed(report) <= due


def a_list_each(found: list[Card]) -> None:
    for number, card in enumerate(found):
        card.payload["status"] = {"status_list": {"idx": 7, "uri": f"https://lists.example/{number}"}}


WARNED = {
    "batch-herd": a_list_each,
    "batch-as-many-as-proofs": lambda found: found.pop(),
    "batch-subject": second(sub="urn:uuid:other"),
    "batch-unpredictable-status": numbered(7, 3),
}


@pytest.mark.parametrize("check", WARNED)
def test_what_is_not_forbidden_is_told_as_a_warning(check: str, latest: Bench) -> None:
    signer = latest.issuer_signer(KeyPurpose.CREDENTIAL)
    report = latest.run(BATCH, transport=Spoilt(latest.transport, cards(WARNED[check], signer)))
    assert failed(report) == set()
    assert check in failed(report, Outcome.WARNED)


def test_indices_that_can_be_guessed_break_the_rule_where_haip_binds(latest: Bench) -> None:
    _, delivered, _ = latest.trial().sample(Record())
    copies = [take_apart(each) for each in delivered.credentials]
    for number, copy in enumerate(copies):
        copy.payload["status"]["status_list"].update(idx=7 + 3 * number, uri="https://lists.example/1")
    record = Record()
    _statuses(copies, record, bound_to=True)
    told = {each.check.id for each in record.findings if each.outcome is Outcome.FAILED}
    assert told == {"batch-unpredictable-status"}


EUROPEAN = {
    "category": claims(category=None),
    "vct-integrity": claims(vct__integrity=None),
    "technical-validity": claims(nbf=None),
    "administrative-validity": claims(adm_nbf="2026-01-01"),
    "status-or-short-lived": claims(status=None),
    "seal-header": header(x5t__S256="f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
    "issuer-uri": claims(iss=None),
    "sd-alg": claims(_sd_alg=None),
    "no-audience": claims(aud="https://somebody.example"),
}


@pytest.mark.parametrize("check", EUROPEAN)
def test_an_attestation_of_a_public_body_that_lacks_something_fails(check: str, eudi: Bench) -> None:
    signer = eudi.issuer_signer(KeyPurpose.CREDENTIAL)
    trial_in_clear = eudi.trial(Spoilt(eudi.transport, cards(EUROPEAN[check], signer)))
    trial_in_clear.profile = replace(profile("eudi-2026"), high_assurance=False)
    assert failed(eudi.carried_out(trial_in_clear, PUBLIC)) == {check}


def test_two_names_of_one_subject_are_told_as_a_warning(eudi: Bench) -> None:
    signer = eudi.issuer_signer(KeyPurpose.CREDENTIAL)
    trial_in_clear = eudi.trial(Spoilt(eudi.transport, cards(claims(sub="one", also_known_as="two"), signer)))
    trial_in_clear.profile = replace(profile("eudi-2026"), high_assurance=False)
    report = eudi.carried_out(trial_in_clear, PUBLIC)
    assert (failed(report), failed(report, Outcome.WARNED)) == (set(), {"one-subject"})


def test_a_certificate_that_is_not_where_the_header_says_fails(eudi: Bench) -> None:
    gone = Spoilt(eudi.transport, at("/certificates/", lambda answer: replace(answer, status=404)))
    assert failed(eudi.run(PUBLIC, transport=gone)) == {"seal-certificate-served"}
