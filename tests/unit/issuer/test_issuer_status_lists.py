"""Status lists: entries used once, lists published before they are pointed at, withdrawals final and visible."""

import threading
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.status_list_token import StatusListLimits, VerifiedStatusList, read_status_list_token
from portadoc.issuer import WithdrawalReason
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.key_ring import KeyPurpose
from portadoc.storage import outbox

INVALID, VALID = 1, 0


def reference_of(rig: Any, text: str) -> tuple[str, int]:
    reference = rig.claims_of(text)["status"]["status_list"]
    return reference["uri"], reference["idx"]


def read(rig: Any, uri: str, body: bytes) -> VerifiedStatusList:
    jwk = rig.key_ring.signer("fr-demo", KeyPurpose.STATUS).public_jwk
    key = public_key_from_jwk(jwk, allowed_algs={"ES256"})
    return read_status_list_token(
        body.decode(), key=key, uri=uri, now=rig.clock.now(), skew_s=0, limits=StatusListLimits()
    )


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

    def test_publishers_at_once_leave_the_newest(self, rig: Any) -> None:
        (text,) = rig.issued()
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        rig.at_once(8, rig.issuer.publish_status_lists)
        assert status(rig, text) == INVALID
        assert rig.issuer.publish_status_lists() == 0
