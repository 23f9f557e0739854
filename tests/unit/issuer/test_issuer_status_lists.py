"""Status lists: entries used once, lists published before they are pointed at, withdrawals final and visible."""

import json
import threading
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Misconfigured, Refused
from portadoc.formats.status_list.jwt_form import StatusListLimits, VerifiedStatusList, read_status_list_token
from portadoc.issuer import WithdrawalReason
from portadoc.keys.certificates import parse_certificate
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.key_ring import KeyPurpose
from portadoc.storage import outbox

INVALID, VALID = 1, 0


def reference_of(rig: Any, text: str) -> tuple[str, int]:
    reference = rig.claims_of(text)["status"]["status_list"]
    return reference["uri"], reference["idx"]


def read(rig: Any, uri: str, body: bytes, *, skew_s: int = 0) -> VerifiedStatusList:
    jwk = rig.key_ring.signer("fr-demo", KeyPurpose.STATUS).public_jwk
    key = public_key_from_jwk(jwk, allowed_algs={"ES256"})
    return read_status_list_token(
        body.decode(), key=key, uri=uri, now=rig.clock.now(), skew_s=skew_s, limits=StatusListLimits()
    )


def jws_payload(token: bytes) -> bytes:
    return base64url.decode(token.decode().split(".")[1], what="payload")


def status(rig: Any, text: str) -> int:
    uri, idx = reference_of(rig, text)
    return read(rig, uri, rig.transport.get(uri).body).statuses.get(idx)


def test_the_list_of_a_fresh_credential_can_be_fetched_at_once(rig: Any) -> None:
    (text,) = rig.issued()
    assert status(rig, text) == VALID


class TestServing:
    def test_the_answer_is_the_stored_token_with_its_etag(self, rig: Any) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        first, second = rig.transport.get(uri), rig.transport.get(uri)
        assert first.headers["content-type"] == "application/statuslist+jwt"
        assert (first.body, first.headers["etag"]) == (second.body, second.headers["etag"])
        assert (first.headers["cache-control"], first.headers["access-control-allow-origin"]) == (
            "public, max-age=60",
            "*",
        )
        unchanged = rig.transport.get(uri, headers={"if-none-match": first.headers["etag"]})
        assert (unchanged.status, unchanged.body) == (304, b"")

    @pytest.mark.parametrize("list_id", ["x", "fr-demo.x", "fr-demo", "nobody.x", "..%2f..", "%00", "é"])
    def test_an_unknown_list_is_not_found(self, rig: Any, list_id: str) -> None:
        rig.issued()
        assert rig.transport.get(f"/status/{list_id}").status == 404

    def test_a_list_that_has_expired_is_unavailable_rather_than_served(self, rig: Any) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        rig.clock.advance(86_400 - 20)
        last = rig.transport.get(uri)
        assert (last.status, last.headers["cache-control"]) == (200, "public, max-age=20")
        rig.clock.advance(20)
        expired = rig.transport.get(uri)
        assert (expired.status, expired.json()["code"]) == (503, "status_list_expired")
        assert (expired.headers["cache-control"], expired.headers["retry-after"]) == ("no-store", "30")
        rig.issuer.publish_status_lists()
        assert rig.transport.get(uri).status == 200

    @pytest.mark.parametrize("sent", ["*", "W/{}", '"other", {}', "{}"])
    def test_whoever_has_the_list_already_is_told_so(self, rig: Any, sent: str) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        etag = rig.transport.get(uri).headers["etag"]
        assert rig.transport.get(uri, headers={"if-none-match": sent.format(etag)}).status == 304

    def test_history_is_not_kept(self, rig: Any) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        assert rig.transport.get(f"{uri}?time=1795305600").status == 501

    def test_times_and_bounds_are_those_of_the_settings(self, rig: Any) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        verified = read(rig, uri, rig.transport.get(uri).body)
        assert (verified.statuses.bits, verified.statuses.capacity, verified.ttl) == (1, 1024, 300)
        assert verified.exp - verified.iat == 86_400


class TestReserving:
    def test_no_entry_is_given_twice_and_a_new_list_opens_when_half_are_used(self, make_rig: Any) -> None:
        rig = make_rig(status_list_size=64)
        references = [reference_of(rig, text) for _ in range(8) for text in rig.issued(copies=10)]
        assert len(set(references)) == 80
        per_list = {uri: [idx for found, idx in references if found == uri] for uri, _ in references}
        assert sorted(map(len, per_list.values())) == [20, 30, 30]
        assert all(0 <= idx < 64 for idx in (idx for indices in per_list.values() for idx in indices))

    def test_threads_that_issue_at_once_share_no_entry(self, make_rig: Any) -> None:
        rig = make_rig(status_list_size=1024)
        answers = rig.at_once(16, lambda: rig.issued(copies=2))
        references = [reference_of(rig, text) for texts in answers for text in texts]
        assert len(set(references)) == 32

    def test_l10_entries_are_spread_over_the_whole_list(self, make_rig: Any) -> None:
        rig = make_rig(status_list_size=1024)
        indices = [reference_of(rig, text)[1] for _ in range(20) for text in rig.issued(copies=10)]
        quarters = [sum(start <= idx < start + 256 for idx in indices) for start in range(0, 1024, 256)]
        assert all(20 <= quarter <= 80 for quarter in quarters)  # 50 expected; odds of failing about 1 in 10^6

    def test_institutions_have_lists_of_their_own(self, rig: Any) -> None:
        (a1,), (ehic,) = rig.issued(), rig.issued(configuration_id="ehic", institution="fr-health")
        assert reference_of(rig, a1)[0] != reference_of(rig, ehic)[0]


class TestWithdrawing:
    def test_it_shows_after_the_next_publication_and_touches_nobody_else(self, rig: Any) -> None:
        (kept,) = rig.issued()
        first, second = rig.issued(copies=2)
        done = rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FACTS_CHANGED)
        assert len(done.credential_ids) == 2
        assert status(rig, first) == VALID
        assert rig.issuer.publish_status_lists() == 1
        assert [status(rig, text) for text in (kept, first, second)] == [VALID, INVALID, INVALID]

    def test_one_copy_can_be_withdrawn_by_its_own_id(self, rig: Any) -> None:
        texts = rig.issued(copies=2)
        row = rig.issuer.credentials("fr-demo", record_id=rig.last_record)[0]
        rig.issuer.withdraw("fr-demo", row.credential_id, reason=WithdrawalReason.HOLDER_REQUEST)
        rig.issuer.publish_status_lists()
        assert sorted(status(rig, text) for text in texts) == [VALID, INVALID]
        assert rig.obtain(rig.token()).status == 200

    def test_it_is_final_and_keeps_its_first_date_and_reason(self, rig: Any) -> None:
        (text,) = rig.issued()
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        (before,) = rig.issuer.credentials("fr-demo")
        rig.clock.advance(100)
        again = rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.SUPERSEDED)
        assert (again.credential_ids, rig.issuer.credentials("fr-demo")) == ((), (before,))
        rig.issuer.publish_status_lists()
        for _ in range(3):
            rig.clock.advance(40_000)
            rig.issuer.publish_status_lists()
            assert status(rig, text) == INVALID

    @pytest.mark.parametrize("institution", ["fr-demo", "fr-health"])
    def test_an_unknown_or_foreign_id_is_refused(self, rig: Any, institution: str) -> None:
        rig.issued()
        subject = "unknown" if institution == "fr-demo" else rig.last_record
        with pytest.raises(Refused, match="withdrawal_subject_unknown"):
            rig.issuer.withdraw(institution, subject, reason=WithdrawalReason.FRAUD)

    def test_the_act_is_told_in_the_outbox(self, rig: Any) -> None:
        rig.issued()
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        with rig.database.read() as connection:
            stored = outbox.read_after(connection, institution="FR:TEST01", cursor=None)
        assert [each.event.kind for each in stored] == [
            "record_added",
            "offer_created",
            "offer_redeemed",
            "status_list_published",
            "issuance_recorded",
            "credential_issued",
            "record_withdrawn",
            "credential_withdrawn",
        ]


class TestPublishing:
    def test_only_changed_or_ageing_lists_are_signed(self, rig: Any) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        before = rig.transport.get(uri).body
        assert rig.issuer.publish_status_lists() == 0
        rig.clock.advance(86_400 // 4)
        assert rig.issuer.publish_status_lists() == 0
        rig.clock.advance(1)
        assert rig.issuer.publish_status_lists() == 1
        assert rig.transport.get(uri).body != before

    def test_p6_readers_see_whole_tokens_whose_time_never_goes_back(self, rig: Any) -> None:
        texts = [text for _ in range(5) for text in rig.issued(copies=2)]
        uri = reference_of(rig, texts[0])[0]
        rows = rig.issuer.credentials("fr-demo")
        seen: list[bytes] = []
        stop = threading.Event()

        def look() -> None:
            while not stop.is_set():
                seen.append(rig.transport.get(uri).body)

        reader = threading.Thread(target=look)
        reader.start()
        for row in rows:
            rig.clock.advance(1)
            rig.issuer.withdraw("fr-demo", row.credential_id, reason=WithdrawalReason.FRAUD)
            rig.issuer.publish_status_lists()
        stop.set()
        reader.join()
        lists = [read(rig, uri, body) for body in [*seen, rig.transport.get(uri).body]]
        assert [each.iat for each in lists] == sorted(each.iat for each in lists)
        withdrawn = [sum(each.statuses.get(idx) for idx in range(1024)) for each in lists]
        assert (withdrawn, withdrawn[-1]) == (sorted(withdrawn), 10)

    def test_a_clock_that_was_set_back_a_little_hides_no_withdrawal(self, rig: Any) -> None:
        (text,) = rig.issued()
        uri, _ = reference_of(rig, text)
        before = read(rig, uri, rig.transport.get(uri).body)
        rig.clock.advance(-45)
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        assert rig.issuer.publish_status_lists() == 1
        rig.clock.advance(45)
        after = read(rig, uri, rig.transport.get(uri).body)
        assert (after.iat, after.statuses.get(reference_of(rig, text)[1])) == (before.iat, INVALID)

    @pytest.mark.parametrize(
        "steps",
        [(-45, -45), (3600, -3600), (8_000_000, -8_000_000, 30), (50_000, -59, -70), (-86_400, 86_400)],
        ids=str,
    )
    def test_p14_whatever_the_clock_does_what_is_published_can_be_believed_and_forgets_nothing(
        self, rig: Any, steps: tuple[int, ...]
    ) -> None:
        texts = rig.issued(copies=len(steps))
        uri, last = reference_of(rig, texts[0])[0], rig.clock.now()
        rows = zip(steps, rig.issuer.credentials("fr-demo"), strict=True)
        for withdrawn, (seconds, row) in enumerate(rows, start=1):
            rig.clock.advance(seconds)
            rig.issuer.withdraw("fr-demo", row.credential_id, reason=WithdrawalReason.FRAUD)
            assert rig.issuer.publish_status_lists() == 1
            published = read(rig, uri, rig.transport.get(uri).body, skew_s=60)
            assert sum(published.statuses.get(reference_of(rig, text)[1]) for text in texts) == withdrawn
            assert published.iat >= last or last > rig.clock.now() + 60
            last = published.iat

    def test_a_list_from_a_future_that_nobody_believes_gives_way(self, rig: Any) -> None:
        (text,) = rig.issued()
        uri, _ = reference_of(rig, text)
        rig.clock.advance(100 * 86_400)
        rig.issuer.publish_status_lists()
        rig.clock.advance(-100 * 86_400)
        assert rig.issuer.publish_status_lists() == 1
        assert read(rig, uri, rig.transport.get(uri).body).iat == rig.clock.now()
        assert rig.issuer.publish_status_lists() == 0

    def test_a_list_does_not_outlive_the_certificate_of_its_signer(self, rig: Any) -> None:
        uri, _ = reference_of(rig, *rig.issued())
        signer = rig.key_ring.signer("fr-demo", KeyPurpose.STATUS)
        end = min(parse_certificate(der).not_after + 1 for der in signer.chain)
        rig.clock.advance(end - 100 - rig.clock.now())
        rig.issuer.publish_status_lists()
        last = read(rig, uri, rig.transport.get(uri).body)
        assert (last.exp, json.loads(jws_payload(rig.transport.get(uri).body))["ttl"]) == (end, 100)
        rig.clock.advance(100)
        with pytest.raises(Misconfigured, match="signer_certificate_expired"):
            rig.issuer.publish_status_lists()

    def test_an_institution_whose_key_is_gone_keeps_nobody_else_back(
        self, make_rig: Any, make_faulty_ring: Any, key_store_gone: type[Exception]
    ) -> None:
        rig = make_rig(ring=make_faulty_ring(KeyPurpose.STATUS, fails_at=4))
        (text,) = rig.issued()
        rig.issued(configuration_id="ehic", institution="fr-health")
        rig.clock.advance(30_000)
        with pytest.raises(key_store_gone):
            rig.issuer.publish_status_lists("fr-demo")
        with pytest.raises(key_store_gone):
            rig.issuer.publish_status_lists("fr-health")
        assert rig.issuer.publish_status_lists("fr-demo") == 1
        assert status(rig, text) == VALID

    def test_an_unknown_institution_publishes_nothing(self, rig: Any) -> None:
        with pytest.raises(Refused, match="not_found"):
            rig.issuer.publish_status_lists("nobody")
        answer = rig.transport.post_json("/issuer/nobody/management/status-lists/publish", {})
        assert (answer.status, answer.json()["code"]) == (404, "not_found")

    def test_an_institution_with_living_credentials_cannot_be_left_out_of_the_settings(
        self, rig: Any, make_rig: Any
    ) -> None:
        """Nobody would publish its lists any more, and its withdrawals would be forgotten."""
        rig.issued(configuration_id="ehic", institution="fr-health")
        without = tuple(each for each in rig.issuer.settings.institutions if each.slug != "fr-health")
        with pytest.raises(Misconfigured, match=r"institution_left_out.*fr-health"):
            make_rig(institutions=without)
        with rig.database.transaction() as connection:
            connection.exec_driver_sql(f"UPDATE issuer_credentials SET valid_until = {rig.clock.now()}")
        make_rig(institutions=without).issuer.publish_status_lists()

    def test_publishers_at_once_leave_the_newest(self, rig: Any) -> None:
        (text,) = rig.issued()
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        rig.at_once(8, rig.issuer.publish_status_lists)
        assert status(rig, text) == INVALID
        assert rig.issuer.publish_status_lists() == 0
