"""Verification codes: hard to guess, easy to type, and telling nothing to who guesses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Error, Malformed
from portadoc.issuer.sealing.verification_codes import (
    ALPHABET,
    grouped,
    new_verification_code,
    read_verification_code,
    second_factor,
    verification_url,
)
from portadoc.randomness import system_random_bytes
from portadoc.schemas.events import EventKind
from portadoc.storage.outbox import read_after

A1 = "fr-demo"
NUMBER, BIRTH_DATE = "A1-FR-2026-0004271", "1991-04-17"

codes = st.binary(min_size=10, max_size=10).map(lambda drawn: new_verification_code(lambda _: drawn))


@given(codes)
def test_a_new_code_reads_as_sixteen_characters_of_the_alphabet(code: str) -> None:
    characters = read_verification_code(code)
    assert (len(code), len(characters), grouped(characters)) == (19, 16, code)
    assert set(characters) <= set(ALPHABET)


def test_75_bits_of_it_are_random() -> None:
    first = {new_verification_code(lambda _, bit=bit: (1 << bit).to_bytes(10, "big")) for bit in range(5, 80)}
    assert len(first) == 75
    assert new_verification_code(lambda _: b"\xff" * 10) != new_verification_code(lambda _: bytes(10))


@given(codes, st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_wrong_character_shows_without_asking(code: str, place: int, other: str) -> None:
    characters = read_verification_code(code)
    changed = characters[:place] + other + characters[place + 1 :]
    if changed != characters:
        with pytest.raises(Malformed, match="verification_code_malformed"):
            read_verification_code(changed)


@given(codes, st.integers(0, 15), st.integers(0, 15))
def test_any_two_characters_that_changed_places_show_without_asking(code: str, one: int, two: int) -> None:
    characters = list(read_verification_code(code))
    characters[one], characters[two] = characters[two], characters[one]
    changed = "".join(characters)
    if changed != read_verification_code(code):
        with pytest.raises(Malformed, match="verification_code_malformed"):
            read_verification_code(changed)


@given(codes)
def test_what_a_reader_types_is_forgiven_case_hyphens_and_letters_that_look_alike(code: str) -> None:
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_verification_code(typed) == read_verification_code(code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 15,
        "0" * 17,
        "0000-0000-0000-000U",
        "0" * 15 + "٠",
        "../../etc/passwd",
        "0" * 10_000,
        "0000-0000-0000-0000'--",
        "\u202e000000000000000",
    ],
)
def test_other_text_is_no_code(text: str) -> None:
    with pytest.raises(Malformed, match="verification_code_malformed"):
        read_verification_code(text)


def test_the_address_is_made_of_characters_that_a_small_symbol_holds() -> None:
    url = verification_url("https://a1.example", "0000-0000-0000-0000")
    assert url == "HTTPS://A1.EXAMPLE/V/0000-0000-0000-0000"


@pytest.mark.parametrize(
    "typed", ["A1-FR-2026-0004271", "a1 fr 2026 0004271", "A1FR20260004271", "Ａ1/fr.2026_0004271"]
)
def test_a_second_factor_is_compared_by_its_letters_and_digits(typed: str) -> None:
    assert second_factor(typed) == "a1fr20260004271"


def test_a_second_factor_without_bounds_is_refused() -> None:
    with pytest.raises(Malformed, match="verification_second_invalid"):
        second_factor("1" * 257)


@pytest.fixture
def made(rig: Any) -> Any:
    return rig.issuer.seal(A1, rig.record(), pin="none")


def ask(rig: Any, code: str, second: Any, **headers: str) -> Any:
    return rig.transport.post_json(f"/v/{code}", {"second": second}, headers=headers)


def plain(response: Any) -> tuple[int, bytes, dict[str, str]]:
    """Return all that a guesser sees."""
    return response.status, response.body, {k: v for k, v in response.headers.items() if k != "date"}


def wrong_codes(rig: Any, count: int, **headers: str) -> list[int]:
    return [ask(rig, new_verification_code(system_random_bytes), NUMBER, **headers).status for _ in range(count)]


def kinds(rig: Any) -> list[EventKind]:
    with rig.database.read() as connection:
        told = [each.event for each in read_after(connection, institution=None, cursor=None)]
    return [each.kind for each in told if each.kind.startswith("seal_code")]


class TestAnswers:
    @pytest.mark.parametrize("second", [NUMBER, BIRTH_DATE, "a1fr20260004271", "19910417"])
    def test_code_and_second_factor_give_the_very_seal_that_was_printed(
        self, rig: Any, made: Any, second: str
    ) -> None:
        response = ask(rig, made.verification_code, second)
        assert (response.status, response.json()) == (200, {"seal": made.text})
        assert response.headers["cache-control"] == "no-store"
        assert kinds(rig) == [EventKind.SEAL_CODE_ANSWERED]

    def test_the_address_as_it_is_printed_is_served(self, rig: Any, made: Any) -> None:
        path = "/V/" + made.verification_url.rpartition("/V/")[2]
        assert rig.transport.post_json(path, {"second": NUMBER}).json() == {"seal": made.text}

    @pytest.mark.parametrize(("kind", "second"), [("ehic", "80250000020000014275"), ("prc", "1985-12-03")])
    def test_health_documents_open_by_card_number_or_birth_date(self, rig: Any, kind: str, second: str) -> None:
        sealed = rig.issuer.seal("fr-health", rig.record(kind, "fr-health"), pin="none")
        known = {"ehic": (sealed.document_number, sealed.document["insured"]["date_of_birth"]), "prc": (second,)}
        for factor in known[kind]:
            assert ask(rig, sealed.verification_code, factor).json() == {"seal": sealed.text}

    def test_the_database_alone_gives_neither_seal_nor_code(self, rig: Any, made: Any) -> None:
        with rig.database.read() as connection:
            row = connection.exec_driver_sql("SELECT * FROM issuer_seal_codes").one()
        kept = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
        for secret in (made.text, made.verification_code, made.verification_code.replace("-", ""), "Testelin"):
            assert secret.encode() not in kept

    def test_after_its_end_it_is_forgotten(self, rig: Any, made: Any) -> None:
        rig.clock.advance(made.expires_at - rig.clock.now())
        rig.issuer.forget_expired()
        assert ask(rig, made.verification_code, NUMBER).status == 403
        with rig.database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM issuer_seal_codes").scalar_one() == 0

    def test_the_seal_of_a_withdrawn_record_is_given_so_that_the_reader_learns_of_it(self, rig: Any) -> None:
        from portadoc.issuer import WithdrawalReason

        record_id = rig.record()
        made = rig.issuer.seal(A1, record_id, pin="none")
        rig.issuer.withdraw(A1, record_id, reason=WithdrawalReason.FRAUD)
        assert ask(rig, made.verification_code, NUMBER).json() == {"seal": made.text}


class TestRefusals:
    def test_unknown_code_wrong_second_and_locked_code_look_the_same(self, rig: Any, made: Any) -> None:
        unknown = ask(rig, new_verification_code(system_random_bytes), NUMBER)
        wrong = [ask(rig, made.verification_code, "1991-04-18") for _ in range(5)]
        locked = ask(rig, made.verification_code, NUMBER)
        assert {plain(each)[:2] for each in (*wrong, locked)} == {plain(unknown)[:2]}
        assert all(each.headers == unknown.headers for each in (*wrong, locked))
        assert (unknown.status, unknown.json()["code"]) == (403, "verification_code_refused")
        assert kinds(rig) == [*[EventKind.SEAL_CODE_REFUSED] * 4, EventKind.SEAL_CODE_LOCKED]

    def test_a_code_is_locked_after_five_wrong_second_factors_however_they_come(self, rig: Any, made: Any) -> None:
        rig.at_once(5, lambda: ask(rig, made.verification_code, "1900-01-01").status)
        assert ask(rig, made.verification_code, NUMBER).status == 403

    def test_a_right_answer_gives_the_tries_back(self, rig: Any, made: Any) -> None:
        for _ in range(4):
            assert ask(rig, made.verification_code, "1991-04-18").status == 403
        assert ask(rig, made.verification_code, NUMBER).status == 200
        assert ask(rig, made.verification_code, "1991-04-18").status == 403
        assert ask(rig, made.verification_code, NUMBER).status == 200

    @pytest.mark.parametrize("second", ["", "-", "\u202e"])
    def test_an_empty_second_factor_opens_nothing(self, rig: Any, second: str) -> None:
        record_id = rig.record("prc", "fr-health")
        made = rig.issuer.seal("fr-health", record_id, pin="none")
        assert ask(rig, made.verification_code, second).status == 403

    def test_a_slip_of_the_pen_counts_as_no_try(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5)
        made = rig.issuer.seal(A1, rig.record(), pin="none")
        slip = made.verification_code[:-1] + ("0" if made.verification_code[-1] != "0" else "1")
        for _ in range(9):
            response = ask(rig, slip, NUMBER)
            assert (response.status, response.json()["code"]) == (400, "verification_code_malformed")
        assert ask(rig, made.verification_code, NUMBER).status == 200

    @pytest.mark.parametrize("body", [{"second": 1}, {}, {"second": "x", "more": 1}, {"second": None}, []])
    def test_another_body_is_refused(self, rig: Any, made: Any, body: Any) -> None:
        assert rig.transport.post_json(f"/v/{made.verification_code}", body).status == 400

    def test_a_second_factor_without_bounds_is_refused(self, rig: Any, made: Any) -> None:
        assert ask(rig, made.verification_code, "1" * 10_000).status == 400
        assert ask(rig, made.verification_code, "1" * 1_000_000).status == 413


class TestThrottle:
    def test_a_source_that_misses_too_often_waits_whatever_it_asks(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5)
        made = rig.issuer.seal(A1, rig.record(), pin="none")
        assert wrong_codes(rig, 5) == [403] * 5
        rig.clock.advance(600)
        refused = ask(rig, made.verification_code, NUMBER)
        assert (refused.status, refused.json()["code"]) == (429, "too_many_tries")
        assert refused.headers["retry-after"] == "3000"
        rig.clock.advance(3000)
        assert ask(rig, made.verification_code, NUMBER).status == 200

    def test_a_throttled_source_takes_no_try_from_a_code(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5)
        made = rig.issuer.seal(A1, rig.record(), pin="none")
        wrong_codes(rig, 5)
        for _ in range(6):
            assert ask(rig, made.verification_code, "1900-01-01").status == 429
        rig.clock.advance(3600)
        assert ask(rig, made.verification_code, NUMBER).status == 200

    def test_many_guesses_at_once_share_one_count(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5)
        found = rig.at_once(12, lambda: wrong_codes(rig, 1)[0])
        assert sorted(found) == [403] * 5 + [429] * 7

    def test_another_process_knows_of_it(self, make_rig: Any) -> None:
        assert wrong_codes(make_rig(code_misses_per_hour=5), 5) == [403] * 5
        assert wrong_codes(make_rig(code_misses_per_hour=5), 1) == [429]

    def test_a_clock_that_is_set_back_throttles_nobody_for_ever(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5)
        rig.clock.advance(10**7)
        wrong_codes(rig, 5)
        rig.clock.advance(-(10**7))
        assert wrong_codes(rig, 1) == [403]

    def test_a_proxy_says_who_asks_only_where_the_operator_says_so(self, make_rig: Any) -> None:
        named, spoofed = {"X-Real-IP": "192.0.2.1"}, {"X-Real-IP": "192.0.2.2"}
        rig = make_rig(code_misses_per_hour=5)
        assert wrong_codes(rig, 6, **named)[-1] == 429
        assert wrong_codes(rig, 1, **spoofed) == [429]

    def test_behind_a_proxy_each_address_counts_by_itself(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5, code_address_header="X-Forwarded-For")
        last_counts = {"X-Forwarded-For": "198.51.100.7, 192.0.2.1"}
        assert wrong_codes(rig, 6, **last_counts)[-1] == 429
        assert wrong_codes(rig, 1, **{"X-Forwarded-For": "198.51.100.8, 192.0.2.1"}) == [429]
        assert wrong_codes(rig, 1, **{"X-Forwarded-For": "::ffff:192.0.2.1"}) == [429]
        assert wrong_codes(rig, 1, **{"X-Forwarded-For": "192.0.2.1, 192.0.2.2"}) == [403]
        assert wrong_codes(rig, 6, **{"X-Forwarded-For": "no address"})[-1] == 429

    def test_an_ipv6_network_counts_as_one(self, make_rig: Any) -> None:
        rig = make_rig(code_misses_per_hour=5, code_address_header="X-Real-IP")
        found = [wrong_codes(rig, 1, **{"X-Real-IP": f"2001:db8::{host:x}"})[0] for host in range(6)]
        assert found == [403] * 5 + [429]
        assert wrong_codes(rig, 1, **{"X-Real-IP": "2001:db8:0:1::1"}) == [403]

    def test_no_address_stands_in_the_database(self, make_rig: Any) -> None:
        rig = make_rig(code_address_header="X-Real-IP")
        wrong_codes(rig, 1, **{"X-Real-IP": "192.0.2.77"})
        with rig.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM issuer_code_misses").all()
        assert len(rows) == 1
        assert "192.0.2.77" not in str(rows)
        rig.clock.advance(3600)
        rig.issuer.forget_expired()
        with rig.database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM issuer_code_misses").scalar_one() == 0


def test_an_installation_without_issuers_has_no_codes(make_rig: Any) -> None:
    rig = make_rig(institutions=())
    with pytest.raises(Error, match="verification_code_refused"):
        rig.issuer.seals.codes.seal_behind(new_verification_code(system_random_bytes), NUMBER, source="")
