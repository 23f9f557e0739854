"""Printed seals: recorded before they are signed, checked before they leave, withdrawn with the record."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from portadoc.errors import Error, Misconfigured, Refused
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.statuses import status_reference
from portadoc.formats.visible_seal import SealClaims, make_seal, parse_seal, verify_seal
from portadoc.issuer import InstitutionSettings, WithdrawalReason
from portadoc.issuer.sealing import seals
from portadoc.issuer.sealing.terms import EndsWith, require_may_seal
from portadoc.issuer.store import record_store
from portadoc.issuer.store.tables import RECORDS
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.keys.key_ring import KeyPurpose, KeyRing
from portadoc.keys.trust.published_chains import chains_from_json
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.events import EventKind
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import CountryOfWork, Pda1, Workplace
from portadoc.schemas.profiles import profile
from portadoc.schemas.seals import SEAL_TYPES, seal_record
from portadoc.storage.outbox import read_after
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.seal_procedure import HeldSigners, verify_sealed
from portadoc.verification.status_tokens import believe_status_list

A1, HEALTH = "fr-demo", "fr-health"
DAY = 86_400


def refusal(act: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code, dict(caught.value.params)


def home_of(kind: str) -> str:
    return A1 if kind == "pda1" else HEALTH


def sealed(rig: Any, kind: str = "pda1", **options: Any) -> Any:
    rig.last_record = rig.record(kind, home_of(kind))
    return rig.issuer.seal(home_of(kind), rig.last_record, **{"pin": "none", **options})


def sealed_record(rig: Any, record: Any, institution: str = A1, **options: Any) -> Any:
    rig.last_record = rig.issuer.upload(institution, record)
    return rig.issuer.seal(institution, rig.last_record, **{"pin": "none", **options})


def claims_of(rig: Any, text: str, institution: str = A1) -> SealClaims:
    (leaf, *_) = rig.key_ring.signer(institution, KeyPurpose.DOCUMENT_SEAL).chain
    key = certificate_key(parse_certificate(leaf))
    return verify_seal(parse_seal(text, allowed_algs=ALL_ALGORITHMS), key=key)


def a1(**changes: Any) -> Pda1:
    record = example("posted-worker-fr-de")
    assert isinstance(record, Pda1)
    return replace(record, **changes)


def with_workplaces(count: int) -> Pda1:
    (germany,) = a1().countries_of_work
    (place,) = germany.workplaces
    places = tuple(
        Workplace(name=f"Beispielwerk Nummer {number} GmbH und Co. KG {number:x}", address=place.address)
        for number in range(count)
    )
    return a1(countries_of_work=(CountryOfWork(country="DE", workplaces=places),))


def judged(rig: Any, text: str, institution: str = A1) -> str:
    """Judge a seal as an inspector would: by trust, by the chains that are published and by the published list."""
    now = rig.clock.now()
    trust = trust_from_json(json.loads((rig.key_ring.directory / TRUST_FILE).read_text(encoding="utf-8")))
    chains = chains_from_json(rig.transport.get(f"/issuer/{institution}/seal-certificates").json())
    reference = status_reference(claims_of(rig, text, institution).envelope)
    assert reference is not None
    token = rig.transport.get(reference.uri).body.decode()
    found = believe_status_list(
        token, uri=reference.uri, trust=trust, now=now, skew_s=60, limits=StatusListLimits()
    )
    report = verify_sealed(
        text,
        trust=trust,
        signers=HeldSigners(chains),
        status=HeldStatusLists({reference.uri: HeldStatusList(found.token, found.speaks_for, now, {})}),
        policy=VerificationPolicy(
            policy_id="test",
            accepted_types=frozenset(SEAL_TYPES.values()),
            key_binding=KeyBindingRefused(),
            status_required=True,
            profile=profile("ietf-latest"),
            on_date=datetime.fromtimestamp(now, UTC).date(),
        ),
        now=now,
    )
    return report.verdict.value


def events(rig: Any) -> list[EventKind]:
    with rig.database.read() as connection:
        return [each.event.kind for each in read_after(connection, institution=None, cursor=None)]


@pytest.mark.parametrize("kind", ["pda1", "ehic", "prc"])
def test_a_seal_says_what_the_record_says_and_is_believed(rig: Any, kind: str) -> None:
    institution = home_of(kind)
    made = sealed(rig, kind)
    claims = claims_of(rig, made.text, institution)
    own_id = rig.issuer.settings.by_slug[institution].institution_id
    assert claims.envelope["iss"] == own_id
    assert claims.envelope["iat"] == rig.clock.now() // DAY * DAY
    assert claims.envelope["exp"] == made.expires_at
    assert seal_record(claims.content) == made.document
    assert (made.kind, made.workplaces_left_out, made.warnings) == (kind, 0, made.warnings)
    rig.clock.advance(DAY * 12)  # the example is covered from the first of the next month on
    rig.issuer.publish_status_lists()
    assert judged(rig, made.text, institution) == "holder_not_proven"


def test_the_number_of_a_document_is_told_where_it_has_one(rig: Any) -> None:
    assert sealed(rig).document_number == "A1-FR-2026-0004271"
    ehic = example("insured-traveller")
    assert isinstance(ehic, Ehic)
    assert sealed(rig, "ehic").document_number == ehic.card_number
    prc = example("replacement-certificate")
    assert isinstance(prc, Prc)
    assert sealed_record(rig, replace(prc, card_number=None), HEALTH).document_number == ""


@pytest.mark.parametrize(("pin", "shown"), [("none", None), ("last4", "1438"), ("full", "2 91 04 99 512 014 38")])
def test_the_personal_number_is_left_out_unless_it_is_asked_for(rig: Any, pin: str, shown: str | None) -> None:
    person = sealed(rig, pin=pin).document["person"]
    assert (person.get("pin") or person.get("pin_ending")) == shown


class TestStatus:
    def test_a_seal_has_an_entry_of_its_own_among_the_copies_of_its_record(self, rig: Any) -> None:
        (credential,) = rig.issued()
        in_wallet = rig.claims_of(credential)["status"]["status_list"]
        made = rig.issuer.seal(A1, rig.last_record, pin="none")
        on_paper = claims_of(rig, made.text).envelope["status"]["status_list"]
        assert in_wallet != on_paper
        rows = rig.issuer.credentials(A1, record_id=rig.last_record)
        assert {(row.configuration_id, row.vct) for row in rows} == {
            ("pda1", "urn:eudi:pda1:1"),
            ("seal", "urn:portadoc:seal:pda1:1"),
        }
        assert len({(row.list_id, row.idx) for row in rows}) == 2

    def test_who_withdraws_the_record_withdraws_paper_and_wallet_alike(self, rig: Any) -> None:
        rig.issued()
        record_id = rig.last_record
        made = rig.issuer.seal(A1, record_id, pin="none")
        rig.clock.advance(DAY * 12)
        rig.issuer.publish_status_lists()
        assert judged(rig, made.text) == "holder_not_proven"
        done = rig.issuer.withdraw(A1, record_id, reason=WithdrawalReason.FACTS_CHANGED)
        assert made.credential_id in done.credential_ids
        assert len(done.credential_ids) == 2
        rig.issuer.publish_status_lists()
        assert judged(rig, made.text) == "withdrawn_or_replaced"

    def test_one_paper_can_be_withdrawn_alone(self, rig: Any) -> None:
        lost, kept = sealed(rig), rig.issuer.seal(A1, rig.last_record, pin="none")
        rig.issuer.withdraw(A1, lost.credential_id, reason=WithdrawalReason.HOLDER_REQUEST)
        rig.clock.advance(DAY * 12)
        rig.issuer.publish_status_lists()
        assert judged(rig, lost.text) == "withdrawn_or_replaced"
        assert judged(rig, kept.text) == "holder_not_proven"

    def test_a_withdrawn_record_is_not_sealed(self, rig: Any) -> None:
        record_id = rig.record()
        rig.issuer.withdraw(A1, record_id, reason=WithdrawalReason.FRAUD)
        assert refusal(lambda: rig.issuer.seal(A1, record_id, pin="none")) == ("record_withdrawn", {})

    def test_the_lists_of_seals_are_named_by_the_aggregation_and_by_the_house(self, rig: Any) -> None:
        uri = claims_of(rig, sealed(rig).text).envelope["status"]["status_list"]["uri"]
        assert rig.transport.get(f"/issuer/{A1}/status-lists").json()["status_lists"] == [uri]
        assert rig.issuer.status_list_uris() == (uri,)


class TestLife:
    def test_it_ends_a_while_after_the_document(self, rig: Any) -> None:
        made = sealed(rig)
        end = datetime(2027, 9, 1, tzinfo=UTC) + timedelta(days=30)
        assert (made.expires_at, made.ends_with) == (int(end.timestamp()), EndsWith.DOCUMENT)

    def test_without_an_end_of_the_document_it_ends_after_the_period(self, make_rig: Any) -> None:
        rig = make_rig(seal_grace_days=0)
        made = sealed_record(rig, a1(document=replace(a1().document, date_of_expiry=None)))
        end = int(datetime(2027, 9, 1, tzinfo=UTC).timestamp())
        assert (made.expires_at, made.ends_with) == (end, EndsWith.COVERAGE)

    def test_what_is_certified_of_a_past_period_is_sealed_today(self, rig: Any) -> None:
        past = replace(a1().legislation, start=date(2025, 1, 1), end=date(2025, 6, 30))
        made = sealed_record(rig, a1(document=replace(a1().document, date_of_expiry=None), legislation=past))
        assert made.expires_at == rig.clock.now() // DAY * DAY + 31 * DAY

    def test_without_any_end_the_setting_decides(self, make_rig: Any) -> None:
        rig = make_rig(seal_open_end_days=100)
        open_end = replace(a1().legislation, end=None)
        made = sealed_record(rig, a1(document=replace(a1().document, date_of_expiry=None), legislation=open_end))
        assert made.expires_at == rig.clock.now() // DAY * DAY + 100 * DAY
        assert made.ends_with == EndsWith.SETTING

    def test_a_document_that_has_ended_is_not_sealed(self, rig: Any) -> None:
        record_id = rig.record()
        rig.clock.advance(300 * DAY)
        assert refusal(lambda: rig.issuer.seal(A1, record_id, pin="none"))[0] == "record_expired"
        assert rig.issuer.credentials(A1) == ()

    def test_it_is_never_shorter_than_the_document_without_anybody_saying_so(self, rig: Any) -> None:
        long = a1(document=replace(a1().document, date_of_expiry=date(2031, 1, 1)))
        code, params = refusal(lambda: sealed_record(rig, long))
        assert code == "seal_outlives_certificate"
        made = sealed_record(rig, long, until_certificate_ends=True)
        (leaf, *_) = rig.key_ring.signer(A1, KeyPurpose.DOCUMENT_SEAL).chain
        assert made.ends_with == EndsWith.CERTIFICATE
        assert made.expires_at == parse_certificate(leaf).not_after + 1
        wanted = int(datetime(2031, 1, 2, tzinfo=UTC).timestamp()) + 30 * DAY
        assert made.expires_at + params["days"] * DAY == wanted

    def test_a_key_whose_certificate_has_ended_seals_nothing(self, rig: Any) -> None:
        open_end = a1(document=replace(a1().document, date_of_expiry=None))
        record_id = rig.issuer.upload(A1, replace(open_end, legislation=replace(a1().legislation, end=None)))
        rig.clock.advance(1_600 * DAY)
        act = lambda: rig.issuer.seal(A1, record_id, pin="none", until_certificate_ends=True)  # noqa: E731
        assert refusal(act)[0] == "signer_certificate_expired"


class TestWhoMaySeal:
    def test_an_unknown_record_or_institution(self, rig: Any) -> None:
        assert refusal(lambda: rig.issuer.seal(A1, "nothing", pin="none"))[0] == "record_unknown"
        assert refusal(lambda: rig.issuer.seal("nobody", "nothing", pin="none"))[0] == "not_found"

    def test_a_record_of_another_institution_here(self, rig: Any) -> None:
        assert refusal(lambda: rig.issuer.seal(HEALTH, rig.record(), pin="none"))[0] == "record_unknown"

    def test_a_kind_that_the_institution_does_not_issue(self, make_rig: Any) -> None:
        health = InstitutionSettings(
            slug=HEALTH, institution_id="FR:TEST02", names={"en": "Health (test)"}, configuration_ids=("pda1",)
        )
        rig = make_rig(institutions=(health,))
        for kind in ("ehic", "prc"):
            record_id = rig.record(kind, HEALTH)
            act = lambda record_id=record_id: rig.issuer.seal(HEALTH, record_id, pin="none")  # noqa: E731
            assert refusal(act) == ("seal_kind_not_issued", {"kind": kind})

    def test_identity_data_are_never_sealed(self, rig: Any) -> None:
        record_id = rig.issuer.upload(A1, example("pid-posted-worker"))
        assert refusal(lambda: rig.issuer.seal(A1, record_id, pin="none"))[0] == "seal_kind_not_issued"

    def test_an_authority_of_another_state_than_the_certificate(self, rig: Any) -> None:
        foreign = a1(issuing_authority=replace(a1().issuing_authority, country="DE"))
        assert refusal(lambda: sealed_record(rig, foreign))[0] == "record_of_other_institution"

    def test_b08_the_legislation_of_another_state_is_certified_by_nobody_here(self, rig: Any) -> None:
        foreign = a1(legislation=replace(a1().legislation, state="DE"))
        told = ("legislation_of_other_state", {"state": "FR", "legislation": "DE"})
        assert refusal(lambda: rig.issuer.upload(A1, foreign)) == told
        signer = rig.key_ring.signer(A1, KeyPurpose.DOCUMENT_SEAL)
        with pytest.raises(Refused, match="legislation_of_other_state"):
            require_may_seal(foreign, institution_id="FR:TEST01", configuration_ids=("pda1",), signer=signer)

    def test_b08_a_record_of_before_the_rule_is_neither_offered_nor_sealed(self, rig: Any) -> None:
        record_id = rig.record()
        with rig.database.transaction() as connection:
            found = record_store.find_record(connection, A1, record_id)
            body = found.body.replace('"legislation":{"state":"FR"', '"legislation":{"state":"DE"')
            assert body != found.body
            connection.execute(update(RECORDS).where(RECORDS.c.record_id == record_id).values(body=body))
        for act in (
            lambda: rig.issuer.offer(A1, record_id, ["pda1"]),
            lambda: rig.issuer.seal(A1, record_id, pin="none"),
        ):
            assert refusal(act)[0] == "legislation_of_other_state"

    def test_a_key_without_a_certificate(self, make_rig: Any, key_ring: KeyRing) -> None:
        keys = tuple(
            replace(key, chain=None) if key.purpose is KeyPurpose.DOCUMENT_SEAL else key for key in key_ring.keys
        )
        bare = KeyRing(key_ring.directory, replace(key_ring.index, keys=keys), passphrase=b"test")
        assert refusal(lambda: sealed(make_rig(ring=bare)))[0] == "seal_certificate_missing"


class TestTooLarge:
    def test_a_record_that_no_print_can_hold_is_refused_before_anything_is_recorded(self, rig: Any) -> None:
        code, params = refusal(lambda: sealed_record(rig, with_workplaces(60)))
        assert (code, params["limit"]) == ("seal_too_large", 1134)
        assert rig.issuer.credentials(A1) == ()

    def test_the_shortened_form_says_how_many_places_it_leaves_out(self, rig: Any) -> None:
        made = sealed_record(rig, with_workplaces(60), max_workplaces=4)
        assert made.workplaces_left_out == 56
        content = seal_record(claims_of(rig, made.text).content)
        assert content["more_workplaces"] == 56
        assert len(content["countries_of_work"][0]["workplaces"]) == 4

    def test_what_fits_is_not_shortened(self, rig: Any) -> None:
        made = sealed_record(rig, with_workplaces(3), max_workplaces=4)
        assert made.workplaces_left_out == 0
        assert "more_workplaces" not in made.document


class TestFaults:
    """It dies or its surroundings fail at each point: no seal without an intent, no entry used twice."""

    @staticmethod
    def fault_at(rig: Any, statement: str, table: str = "issuer_credentials") -> None:
        with rig.database.transaction() as connection:
            connection.exec_driver_sql(
                f"CREATE TRIGGER fault BEFORE {statement} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'planned fault'); END"
            )

    @staticmethod
    def mend(rig: Any) -> None:
        with rig.database.transaction() as connection:
            connection.exec_driver_sql("DROP TRIGGER fault")

    @staticmethod
    def codes(rig: Any) -> int:
        with rig.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM issuer_seal_codes").scalar_one())

    def test_before_the_intent_nothing_has_happened(self, rig: Any) -> None:
        self.fault_at(rig, "INSERT")
        with pytest.raises(Exception, match="planned fault"):
            sealed(rig)
        assert (rig.issuer.credentials(A1), self.codes(rig)) == ((), 0)
        self.mend(rig)
        assert sealed(rig).text

    @pytest.mark.parametrize("after_signing", [False, True])
    def test_between_intent_and_signature(
        self,
        make_rig: Any,
        make_faulty_ring: Any,
        key_store_gone: type[Exception],
        after_signing: bool,
    ) -> None:
        rig = make_rig(ring=make_faulty_ring(KeyPurpose.DOCUMENT_SEAL, after_signing=after_signing))
        with pytest.raises(key_store_gone):
            sealed(rig)
        (left,) = rig.issuer.credentials(A1)
        assert (left.issued_at, self.codes(rig)) == (None, 0)
        made = sealed(rig)
        entry = claims_of(rig, made.text).envelope["status"]["status_list"]
        assert entry["idx"] != left.idx or left.list_id not in entry["uri"]

    @pytest.mark.parametrize(
        ("statement", "table"),
        [("UPDATE OF issued_at", "issuer_credentials"), ("INSERT", "issuer_seal_codes")],
    )
    def test_after_the_signature_before_it_is_released(self, rig: Any, statement: str, table: str) -> None:
        self.fault_at(rig, statement, table)
        with pytest.raises(Exception, match="planned fault"):
            sealed(rig)
        (left,) = rig.issuer.credentials(A1)
        assert (left.issued_at, self.codes(rig)) == (None, 0)
        rig.clock.advance(61)
        assert [row.credential_id for row in rig.issuer.unfinished(A1)] == [left.credential_id]
        self.mend(rig)
        done = rig.issuer.withdraw(A1, rig.last_record, reason=WithdrawalReason.ISSUED_IN_ERROR)
        assert done.credential_ids == (left.credential_id,)

    def test_what_was_withdrawn_while_it_was_signed_is_not_handed_out(
        self, rig: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def sign_late(*arguments: Any, **named: Any) -> str:
            rig.issuer.withdraw(A1, rig.last_record, reason=WithdrawalReason.FRAUD)
            return make_seal(*arguments, **named)

        monkeypatch.setattr(seals, "make_seal", sign_late)
        assert refusal(lambda: sealed(rig))[0] == "record_withdrawn"
        assert self.codes(rig) == 0

    def test_another_content_than_the_recorded_one_does_not_get_out(
        self, rig: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def sign_other(content: Any, terms: Any, *, signer: Any) -> str:
            return make_seal({**content, 4: "Somebody else"}, terms, signer=signer)

        monkeypatch.setattr(seals, "make_seal", sign_other)
        with pytest.raises(Misconfigured, match="own_output_invalid"):
            sealed(rig)

    def test_a_signature_of_another_key_does_not_get_out(self, rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        own = rig.key_ring.signer(A1, KeyPurpose.DOCUMENT_SEAL)
        other = rig.key_ring.signer(HEALTH, KeyPurpose.DOCUMENT_SEAL)

        class Swapped:
            alg, kid, public_jwk, chain = own.alg, own.kid, own.public_jwk, own.chain
            sign = staticmethod(other.sign)

        def sign_other(content: Any, terms: Any, *, signer: Any) -> str:
            return make_seal(content, terms, signer=Swapped())

        monkeypatch.setattr(seals, "make_seal", sign_other)
        assert refusal(lambda: sealed(rig)) == ("own_output_invalid", {"reason": "signature_invalid"})

    def test_many_seals_of_one_record_at_once_never_share_an_entry_or_a_code(self, rig: Any) -> None:
        record_id = rig.record()
        made = rig.at_once(8, lambda: rig.issuer.seal(A1, record_id, pin="none"))
        entries = [claims_of(rig, each.text).envelope["status"]["status_list"] for each in made]
        assert len({(entry["uri"], entry["idx"]) for entry in entries}) == 8
        assert len({each.verification_code for each in made}) == 8
        assert len(rig.issuer.credentials(A1, record_id=record_id)) == 8


def test_what_happened_is_told_without_personal_data(rig: Any) -> None:
    made = sealed(rig)
    assert events(rig)[-2:] == [EventKind.ISSUANCE_RECORDED, EventKind.DOCUMENT_SEALED]
    with rig.database.read() as connection:
        told = read_after(connection, institution="FR:TEST01", cursor=None)[-1].event
    assert (told.subject_id, told.payload) == (
        rig.last_record,
        {"configuration_id": "seal", "credential_ids": [made.credential_id]},
    )


class TestCertificates:
    def certificates(self, rig: Any, institution: str = A1) -> Any:
        return rig.transport.get(f"/issuer/{institution}/seal-certificates")

    def test_they_are_published_for_everybody_and_may_be_kept_a_while(self, rig: Any) -> None:
        response = self.certificates(rig)
        assert response.headers["cache-control"] == "public, max-age=300"
        assert response.headers["access-control-allow-origin"] == "*"
        own = rig.key_ring.signer(A1, KeyPurpose.DOCUMENT_SEAL).chain
        assert chains_from_json(response.json()) == (own,)

    def test_each_institution_publishes_its_own(self, rig: Any) -> None:
        assert self.certificates(rig).body != self.certificates(rig, HEALTH).body
        assert self.certificates(rig, "nobody").status == 404

    def test_a_retired_key_is_there_until_its_last_seal_has_ended(
        self, make_rig: Any, key_ring: KeyRing, tmp_path: Any
    ) -> None:
        copied = tmp_path / "keys"
        copied.mkdir(mode=0o700)
        for file in key_ring.directory.iterdir():
            (copied / file.name).touch(mode=0o600)
            (copied / file.name).write_bytes(file.read_bytes())
        first = KeyRing.open(copied, passphrase=b"test")
        later = first.signer(A1, KeyPurpose.DOCUMENT_SEAL).chain
        now = make_rig().clock.now() + 30 * DAY
        second = first.new_key(A1, KeyPurpose.DOCUMENT_SEAL, now=now, random_bytes=system_random_bytes)
        rig = make_rig(ring=second)
        rig.clock.advance(31 * DAY)
        fresh = second.signer(A1, KeyPurpose.DOCUMENT_SEAL).chain
        assert chains_from_json(self.certificates(rig).json()) == (later, fresh)
        rig.clock.advance(1_435 * DAY)
        assert chains_from_json(self.certificates(rig).json()) == (fresh,)
