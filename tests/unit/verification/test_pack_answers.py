"""Judging from a trust pack: whose pack, for which time, and what its lists say then."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from portadoc.errors import Error
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.status_list.claims import StatusListLimits, StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.jwt_form import sign_status_list_jwt
from portadoc.formats.status_list.statuses import StatusList, StatusReference
from portadoc.formats.trust_pack import SPEC, PackedList, TrustPack, make_trust_pack
from portadoc.formats.type_metadata import integrity
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord, make_withdrawal_list
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.certificates import parse_certificate
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import ACCEPTED_VCTS, CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import StatusKnowledge
from portadoc.verification.pack_answers import PackStatus, open_trust_pack, packed_signers, packed_types
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import STATUS, Colour, Verdict, VerificationReport

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
DAY = 86_400
BASE_URL = "https://issuer.example"
LIST_URI = f"{BASE_URL}/status/1"
REFERENCE = StatusReference(LIST_URI, 7)


@dataclass(frozen=True)
class Office:
    """An operator that hands out packs, an issuer, and a credential to judge from a pack."""

    ring: KeyRing
    trust: TrustStore

    def signer(self, slug: str, purpose: KeyPurpose) -> Signer:
        return self.ring.signer(slug, purpose)

    def status_list(self, *withdrawn: int, by: str = "fr-demo", form: str = "cwt", **changes: Any) -> PackedList:
        terms = StatusListTerms(**{"uri": LIST_URI, "iat": NOW - 60, "exp": NOW + DAY, "ttl": 900, **changes})
        sign: Any = sign_status_list_cwt if form == "cwt" else sign_status_list_jwt
        statuses = StatusList.of(1024, bits=1).with_status(withdrawn, 1)
        return PackedList(LIST_URI, sign(statuses, terms, signer=self.signer(by, KeyPurpose.STATUS)), NOW - 30)

    def withdrawals(self, idx: int, effective_from: date, *, by: str = "fr-demo") -> PackedList:
        record = WithdrawalRecord(effective_from, WithdrawalCause.FACTS_CHANGED, recorded_at=NOW - 120)
        signer = self.signer(by, KeyPurpose.STATUS)
        text = make_withdrawal_list({idx: record}, uri=LIST_URI, iat=NOW - 60, exp=NOW + DAY, signer=signer)
        return PackedList(LIST_URI, text, NOW - 30)

    def pack(self, *lists: PackedList, **changes: Any) -> TrustPack:
        values: dict[str, Any] = {
            "operator": "DE:TEST90",
            "sequence": 5,
            "as_of": NOW,
            "exp": NOW + 7 * DAY,
            "trust": self.trust,
            "signer_chains": self.ring.chains(KeyPurpose.DOCUMENT_SEAL),
            "type_metadata": {"urn:eudi:ehic:1": type_metadata("urn:eudi:ehic:1").decode()},
            "status_lists": lists or (self.status_list(),),
        }
        return TrustPack(**{**values, **changes})

    def signed(self, pack: TrustPack, *, by: str = "de-inspection") -> bytes:
        return make_trust_pack(pack, signer=self.signer(by, KeyPurpose.TRUST_LIST))

    def open(self, message: bytes, *, at: int = NOW, **options: Any) -> TrustPack:
        return open_trust_pack(message, **{"operators": self.trust, "operator": "DE:TEST90", "at": at, **options})

    def credential(self) -> str:
        projection = CREDENTIAL_TYPES["pda1"].projection
        signer = self.signer("fr-demo", KeyPurpose.CREDENTIAL)
        claims = {
            **projection.project(example("posted-worker-fr-de")),
            "vct": projection.vct,
            "iss": f"{BASE_URL}/issuer/fr-demo",
            "iat": NOW - 3600,
            "exp": NOW + 30 * DAY,
            "status": {"status_list": {"idx": REFERENCE.idx, "uri": LIST_URI}},
        }
        return issue(
            claims,
            disclosable=[("document_number",)],
            header=signing_header("dc+sd-jwt", signer),
            signer=signer,
            random_bytes=system_random_bytes,
        ).text

    def judge(self, pack: TrustPack, *, at: int = NOW, on: date = date(2026, 11, 22)) -> VerificationReport:
        """Judge the good credential as everybody does who has a pack and no network."""
        opened = self.open(self.signed(pack), at=at)
        policy = VerificationPolicy(
            policy_id="offline",
            accepted_types=ACCEPTED_VCTS,
            key_binding=KeyBindingRefused(),
            status_required=True,
            profile=profile("ietf-latest"),
            on_date=on,
        )
        return verify_presentation(
            self.credential(), trust=opened.trust, status=PackStatus(opened), policy=policy, now=at
        )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("office-keys")
    vcts = frozenset({"urn:eudi:pda1:1"})
    ring = create_development_ring(
        folder,
        [
            DevelopmentInstitution("fr-demo", "FR:TEST01", "FR", "Test", frozenset({Role.ISSUER}), vcts),
            DevelopmentInstitution("fr-health", "FR:TEST02", "FR", "Test", frozenset({Role.ISSUER}), vcts),
            DevelopmentInstitution("de-inspection", "DE:TEST90", "DE", "Test", frozenset({Role.VERIFIER})),
        ],
        base_url=BASE_URL,
        now=NOW - DAY,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    return Office(ring, read_trust_file(folder / TRUST_FILE))


def refusal(office: Office, message: bytes, **options: Any) -> tuple[str, object]:
    with pytest.raises(Error) as caught:
        office.open(message, **options)
    return caught.value.code, caught.value.params.get("reason")


def judged_by(office: Office, trust: TrustStore) -> tuple[Verdict, object]:
    pack = office.pack(office.status_list(by="fr-health"), trust=trust)
    report = office.judge(pack)
    return report.verdict, report.check(STATUS).params.get("reason")


def test_d10_v41_in_a_pack_a_provider_speaks_for_whom_its_authorisation_names(office: Office) -> None:
    def provider(**changes: Any) -> TrustStore:
        named = (
            replace(each, **changes) if each.institution == "FR:TEST02" else each
            for each in office.trust.authorisations
        )
        return TrustStore(office.trust.anchors, tuple(named))

    mismatch = (Verdict.STATUS_NOT_KNOWN, "institution_mismatch")
    assert judged_by(office, provider(speaks_for=frozenset({"FR:TEST01"}))) == (Verdict.AUTHENTIC_IN_FORCE, None)
    assert judged_by(office, provider()) == mismatch
    assert judged_by(office, provider(speaks_for=frozenset({"FR:TEST09"}))) == mismatch


def test_a_pack_in_force_is_opened(office: Office) -> None:
    pack = office.pack()
    assert office.open(office.signed(pack)) == pack
    assert office.open(office.signed(pack), newest_sequence=5) == pack
    assert office.open(office.signed(pack), at=pack.exp - 1) == pack
    assert office.open(office.signed(pack), at=NOW - 60) == pack


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"at": NOW + 7 * DAY}, "trust_pack_expired", id="V-32 expired"),
        pytest.param({"at": NOW - 61}, "trust_pack_not_yet", id="K09 of a later time"),
        pytest.param({"newest_sequence": 6}, "trust_pack_rollback", id="V-32 rollback"),
    ],
)
def test_a_pack_that_is_not_in_force_or_older_is_refused(
    office: Office, options: dict[str, Any], expected: str
) -> None:
    assert refusal(office, office.signed(office.pack()), **options) == (expected, None)


def test_v32_a_pack_of_somebody_who_may_not_sign_packs_is_refused(office: Office) -> None:
    anchors, authorisations = office.trust.anchors, office.trust.authorisations
    without = tuple(replace(each, purposes=each.purposes - {KeyPurpose.TRUST_LIST}) for each in authorisations)
    message = office.signed(office.pack())
    not_authorised = refusal(office, message, operators=TrustStore(anchors, without))
    assert not_authorised == ("issuer_untrusted", "purpose_not_authorised")
    for purpose in (KeyPurpose.STATUS, KeyPurpose.RECEIPT):
        signed = make_trust_pack(office.pack(), signer=office.signer("fr-demo", purpose))
        assert refusal(office, signed)[0] in {"chain_invalid", "issuer_untrusted"}
    without_chain = make_trust_pack(
        office.pack(), signer=LocalSigner(new_private_key("ES256", system_random_bytes))
    )
    assert refusal(office, without_chain) == ("chain_invalid", "chain_missing")


def test_v32_a_pack_in_the_name_of_another_operator_is_refused(office: Office) -> None:
    message = office.signed(office.pack(), by="fr-demo")
    assert refusal(office, message, operator="FR:TEST01") == ("trust_pack_invalid", "operator_mismatch")


def test_review_f11_v32_a_pack_of_another_operator_than_the_one_named_is_refused(office: Office) -> None:
    own = office.signed(office.pack(operator="FR:TEST01"), by="fr-demo")
    assert office.open(own, operator="FR:TEST01").operator == "FR:TEST01"
    assert refusal(office, own) == ("issuer_untrusted", "institution_mismatch")


def test_review_f11_a_pack_that_would_stand_for_more_than_31_days_is_refused(office: Office) -> None:
    assert office.pack(exp=NOW + 31 * DAY).exp == NOW + 31 * DAY
    with pytest.raises(Error) as caught:
        office.pack(exp=NOW + 31 * DAY + 1)
    assert (caught.value.code, caught.value.params) == ("trust_pack_invalid", {"reason": "lifetime"})


def test_a_pack_is_judged_for_the_time_asked_about_whatever_the_year(office: Office) -> None:
    pack = office.pack()
    ended = parse_certificate(office.signer("de-inspection", KeyPurpose.TRUST_LIST).chain[0]).not_after + 1
    assert office.open(office.signed(pack), at=NOW) == pack
    later = replace(pack, as_of=ended - DAY, exp=ended + DAY)
    assert refusal(office, office.signed(later), at=ended) == ("chain_invalid", "expired")


@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_a_status_is_answered_from_the_pack(office: Office, form: str) -> None:
    status = PackStatus(office.pack(office.status_list(8, form=form)))
    answer = status.answer(REFERENCE, institution="FR:TEST01", now=NOW)
    assert (answer.knowledge, answer.value, answer.as_of) == (StatusKnowledge.FRESH, 0, NOW - 60)
    assert status.answer(StatusReference(LIST_URI, 8), institution="FR:TEST01", now=NOW).value == 1
    assert office.judge(office.pack(office.status_list(form=form))).verdict is Verdict.AUTHENTIC_IN_FORCE


def test_k06_v47_the_age_of_a_status_counts_from_the_time_asked_about(office: Office) -> None:
    pack = office.pack()
    fresh, stale, ended = (office.judge(pack, at=at) for at in (NOW, NOW + 3600, NOW + DAY))
    assert (fresh.check(STATUS).code, fresh.check(STATUS).params["age_s"]) == ("status_ok", 60)
    assert (stale.check(STATUS).code, stale.check(STATUS).params["age_s"]) == ("status_stale", 3660)
    assert (ended.verdict, ended.colour) == (Verdict.STATUS_NOT_KNOWN, Colour.AMBER)
    assert ended.check(STATUS).params["reason"] == "list_expired"


def test_v48_a_list_of_a_later_time_says_nothing_of_the_time_before(office: Office) -> None:
    late = office.status_list(iat=NOW + 3600)
    report = office.judge(office.pack(late))
    assert report.check(STATUS).params["reason"] == "list_of_a_later_time"
    assert report.verdict is Verdict.STATUS_NOT_KNOWN


@pytest.mark.parametrize(
    ("bent", "reason"),
    [
        ({"by": "fr-health"}, "institution_mismatch"),
        ({"uri": f"{BASE_URL}/status/2"}, "sub_mismatch"),
        ({"iat": NOW - 30 * DAY, "exp": NOW - DAY}, "list_expired"),
    ],
    ids=["D10 another institution", "another list", "V-47 ended"],
)
def test_a_list_in_a_pack_is_believed_no_more_than_any_other(
    office: Office, bent: dict[str, Any], reason: str
) -> None:
    report = office.judge(office.pack(office.status_list(**bent)))
    assert (report.verdict, report.check(STATUS).params["reason"]) == (Verdict.STATUS_NOT_KNOWN, reason)


def test_a_list_whose_signer_the_pack_does_not_trust_is_not_believed(office: Office) -> None:
    authorisations = tuple(
        replace(each, purposes=each.purposes - {KeyPurpose.STATUS}) for each in office.trust.authorisations
    )
    pack = office.pack(trust=TrustStore(office.trust.anchors, authorisations))
    assert office.judge(pack).check(STATUS).params["reason"] == "purpose_not_authorised"


def test_a_list_that_is_not_in_the_pack_leaves_the_status_not_known(office: Office) -> None:
    report = office.judge(office.pack(status_lists=()))
    assert (report.verdict, report.check(STATUS).params["reason"]) == (Verdict.STATUS_NOT_KNOWN, "not_held")


def test_a_list_is_believed_once_for_one_time(office: Office) -> None:
    status = PackStatus(office.pack())
    assert status._believe(LIST_URI, NOW).lists
    for _ in range(2):
        status.answer(REFERENCE, institution="FR:TEST01", now=NOW)
    assert status._believed.cache_info()[:2] == (1, 1)


def test_review_lists_believed_for_other_times_are_kept_in_bounds(office: Office) -> None:
    status = PackStatus(office.pack(status_lists=()))
    for at in range(100):
        status.answer(REFERENCE, institution="FR:TEST01", now=NOW + at)
    assert status._believed.cache_info().currsize == 32


def test_a_withdrawal_record_in_the_pack_settles_a_past_day(office: Office) -> None:
    lists = (office.status_list(REFERENCE.idx),)
    records = office.withdrawals(REFERENCE.idx, date(2026, 11, 20))
    before, after = date(2026, 11, 19), date(2026, 11, 21)
    told = office.pack(*lists, withdrawal_lists=(records,))
    assert office.judge(told, on=before).check(STATUS).code == "withdrawn_later"
    assert office.judge(told, on=after).verdict is Verdict.WITHDRAWN_OR_REPLACED
    assert office.judge(office.pack(*lists), on=before).verdict is Verdict.EFFECT_NOT_ESTABLISHED


def test_a_withdrawal_list_that_cannot_be_believed_tells_nothing(office: Office) -> None:
    before = date(2026, 11, 19)
    foreign = office.withdrawals(REFERENCE.idx, date(2026, 11, 20), by="fr-health")
    for packed in (foreign, PackedList(LIST_URI, b"binary", NOW - 30)):
        pack = office.pack(office.status_list(REFERENCE.idx), withdrawal_lists=(packed,))
        assert office.judge(pack, on=before).verdict is Verdict.EFFECT_NOT_ESTABLISHED


def test_type_metadata_comes_from_the_pack(office: Office) -> None:
    types = packed_types(office.pack())
    found = types.of_type("urn:eudi:ehic:1", integrity(type_metadata("urn:eudi:ehic:1")))
    assert found is not None
    assert found.vct == "urn:eudi:ehic:1"
    assert types.of_type("urn:eudi:ehic:1", integrity(b"another edition")) is None
    assert (types.knows("urn:eudi:ehic:1"), types.knows("urn:unknown")) == (True, False)


def test_a_signer_is_found_by_the_beginning_of_its_digest(office: Office) -> None:
    chain = office.signer("fr-demo", KeyPurpose.DOCUMENT_SEAL).chain
    signers = packed_signers(office.pack())
    assert signers.chains(hashlib.sha256(chain[0]).digest()[:8]) == (chain,)
    with pytest.raises(Error, match="issuer_untrusted"):
        signers.chains(bytes(8))


def test_each_refusal_of_a_pack_is_told_with_its_times_and_numbers(office: Office) -> None:
    message = office.signed(office.pack())
    expected: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
        "trust_pack_not_yet": ({"at": NOW - 61}, {"as_of": NOW}),
        "trust_pack_expired": ({"at": NOW + 7 * DAY}, {"exp": NOW + 7 * DAY}),
        "trust_pack_rollback": ({"newest_sequence": 6}, {"sequence": 5, "newest": 6}),
    }
    for code, (options, params) in expected.items():
        with pytest.raises(Error) as caught:
            office.open(message, **options)
        assert (caught.value.code, caught.value.spec, caught.value.params) == (code, SPEC, params)


def test_without_an_earlier_pack_every_sequence_is_new(office: Office) -> None:
    first = office.pack(sequence=1)
    assert office.open(office.signed(first)) == first
    assert office.open(office.signed(first), at=NOW - 90, skew_s=90) == first


def test_lists_and_times_are_kept_apart(office: Office) -> None:
    other = f"{BASE_URL}/status/2"
    second = replace(office.status_list(7, uri=other), uri=other)
    status = PackStatus(office.pack(office.status_list(), second))

    def value(uri: str, now: int) -> tuple[StatusKnowledge, int]:
        answer = status.answer(StatusReference(uri, 7), institution="FR:TEST01", now=now)
        return answer.knowledge, answer.value

    assert [value(LIST_URI, NOW), value(other, NOW)] == [(StatusKnowledge.FRESH, 0), (StatusKnowledge.FRESH, 1)]
    assert value(LIST_URI, NOW + 3600) == (StatusKnowledge.STALE, 0)
    assert value(LIST_URI, NOW) == (StatusKnowledge.FRESH, 0)


def test_a_list_that_cannot_be_believed_is_told_by_its_reason_or_its_code(office: Office) -> None:
    def told(token: bytes, **options: Any) -> tuple[str, str]:
        status = PackStatus(office.pack(PackedList(LIST_URI, token, NOW - 30)), **options)
        answer = status.answer(REFERENCE, institution="FR:TEST01", now=NOW)
        return answer.code, answer.reason

    assert told(b"no list") == ("status_invalid", "cbor_malformed")
    good = office.status_list().unverified_token
    assert isinstance(good, bytes)
    assert told(good, limits=StatusListLimits(max_inflated=8)) == ("status_invalid", "limit_exceeded")


def test_the_tolerance_of_clocks_is_the_callers(office: Office) -> None:
    pack = office.pack(office.status_list(iat=NOW + 90))
    for skew_s, knowledge in ((60, StatusKnowledge.UNKNOWN), (90, StatusKnowledge.FRESH)):
        answer = PackStatus(pack, skew_s=skew_s).answer(REFERENCE, institution="FR:TEST01", now=NOW)
        assert answer.knowledge is knowledge
