"""``portadoc verify``: every exit code, the languages, and what it says about files that are not in order."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord, make_withdrawal_list
from portadoc.keys.purposes import KeyPurpose

CHECKS = [
    *("structure", "header", "trust_chain", "signature", "disclosures", "authorisation", "type", "key_binding"),
    *("content", "status", "technical_validity", "document_validity", "coverage_period", "covers_work"),
]


@pytest.fixture
def verify(run: Any, desk: Any) -> Any:
    """Verify a text with a current status list and the desk's trust, at the desk's time."""

    def call(text: str | None = None, *options: object, lists: tuple[str, ...] | None = None) -> Any:
        given = (desk.status_list(),) if lists is None else lists
        files = [desk.file(each, f"list-{n}.jwt") for n, each in enumerate(given)]
        named = [part for file in files for part in ("--status-list", file)]
        text = desk.credential() if text is None else text
        return run("verify", desk.file(text), "--trust", desk.trust, "--at", desk.NOW, *named, *options)

    return call


def told(result: Any) -> Any:
    return json.loads(result.stdout)


def found(result: Any, check: str) -> tuple[str, str, dict[str, Any]]:
    (item,) = (each for each in told(result)["checks"] if each["id"] == check)
    return item["outcome"], item["code"], item["params"]


def test_a_good_credential_is_valid_and_its_claims_are_read_out(verify: Any) -> None:
    result = verify()
    assert result.exit_code == 0
    assert "it is in force on the day in question" in result.stdout
    assert "Document number: A1-FR-2026-0004271" in result.stdout
    assert result.stderr == ""


def test_json_has_every_check_with_its_sentence(verify: Any) -> None:
    result = verify(None, "--json")
    report = told(result)
    assert (result.exit_code, report["verdict"], report["code"]) == (0, "authentic_in_force", None)
    assert (report["institution_id"], report["credential_type"]) == ("FR:TEST01", "urn:eudi:pda1:1")
    assert [check["id"] for check in report["checks"]] == CHECKS
    assert set(report["checks"][0]) == {"id", "outcome", "code", "clause", "params", "message"}
    assert all(check["message"]["text"] for check in report["checks"])
    assert report["claims"]["document_number"] == "A1-FR-2026-0004271"


def test_sentences_come_in_the_language_asked_for(verify: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    french, english = "La signature de l'émetteur est authentique.", "The issuer's signature is genuine."
    assert french in verify(None, "--lang", "fr").stdout
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert french in verify().stdout
    assert english in verify(None, "--lang", "en").stdout
    assert verify(None, "--lang", "xx").exit_code == 2


def test_a_presentation_is_verified_with_its_audience_and_nonce(verify: Any, desk: Any) -> None:
    terms = ("--audience", desk.AUDIENCE, "--nonce", desk.NONCE, "--json")
    result = verify(desk.presentation(), *terms)
    assert result.exit_code == 0
    assert found(result, "key_binding")[:2] == ("pass", "key_binding_ok")
    other = verify(desk.presentation(), "--audience", desk.AUDIENCE, "--nonce", "other", "--json")
    assert (other.exit_code, told(other)["code"]) == (3, "kb_invalid.nonce")
    assert told(verify(None, *terms))["code"] == "kb_missing"


def test_c15_a_key_binding_that_was_not_asked_for_is_refused_with_advice(verify: Any, desk: Any) -> None:
    result = verify(desk.presentation())
    assert result.exit_code == 3
    assert "--audience" in result.stderr
    assert "Document number" not in result.stdout


def test_a_withdrawn_credential_is_not_valid(verify: Any, desk: Any) -> None:
    result = verify(None, "--json", lists=(desk.status_list(7),))
    assert (result.exit_code, told(result)["code"]) == (1, "revoked")


def test_without_its_status_list_a_credential_is_not_confirmed(verify: Any) -> None:
    result = verify(lists=())
    assert result.exit_code == 3
    assert "it is in force on the day in question" not in result.stdout
    assert told(verify(None, "--json", lists=()))["code"] == "status_unavailable.not_held"


def test_d10_the_list_of_another_institution_confirms_nothing(verify: Any, desk: Any) -> None:
    result = verify(None, "--json", lists=(desk.status_list(slug="fr-health"),))
    assert (result.exit_code, told(result)["code"]) == (3, "status_invalid.institution_mismatch")


def test_a_list_that_cannot_be_believed_is_said_and_confirms_nothing(verify: Any, desk: Any) -> None:
    late = verify(None, "--json", lists=(desk.status_list(iat=desk.NOW - 9000, exp=desk.NOW - 5000),))
    assert (late.exit_code, told(late)["code"]) == (3, "status_invalid.expired")
    assert "status_invalid" in late.stderr
    unreadable = verify(None, "--json", lists=("no token at all",))
    assert (unreadable.exit_code, told(unreadable)["code"]) == (3, "status_unavailable.not_held")
    assert "malformed_token" in unreadable.stderr


def test_one_good_list_among_others_is_enough(verify: Any, desk: Any) -> None:
    other = desk.status_list(uri="https://issuer.example/status/2")
    assert verify(lists=("no token", other, desk.status_list())).exit_code == 0


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_lists_of_one_address_the_newest_counts_in_either_order(
    verify: Any, desk: Any, newest_first: bool
) -> None:
    lists = (desk.status_list(7), desk.status_list(iat=desk.NOW - 200))
    result = verify(None, "--json", lists=lists if newest_first else lists[::-1])
    assert (result.exit_code, told(result)["code"]) == (1, "revoked")
    older = "list-1.jwt" if newest_first else "list-0.jwt"
    assert [line for line in result.stderr.splitlines() if "passed over" in line and older in line]


def test_a_list_may_be_a_cwt(run: Any, desk: Any) -> None:
    terms = StatusListTerms(uri=desk.LIST_URI, iat=desk.NOW - 60, exp=desk.NOW + 3600, ttl=300)
    file = desk.folder / "list.cwt"
    file.write_bytes(sign_status_list_cwt(StatusList.of(64, bits=1), terms, signer=desk.signer(KeyPurpose.STATUS)))
    command = ("verify", desk.file(desk.credential()), "--trust", desk.trust, "--at", desk.NOW)
    assert run(*command, "--status-list", file).exit_code == 0


def test_a_list_that_cannot_be_used_is_named(verify: Any) -> None:
    assert "list-0.jwt cannot be used" in verify(None, lists=("no token",)).stderr


def test_a_list_counts_as_fetched_when_it_was_issued(verify: Any, desk: Any) -> None:
    result = verify(None, "--json", lists=(desk.status_list(iat=desk.NOW - 600),))
    assert found(result, "status")[:2] == ("warning", "status_stale")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("moment", "code"), [("2026-11-22T12:00:00", 0), ("2026-11-22T14:00:00+02:00", 0), ("2026-12-24", 1)]
)
def test_time_is_an_option(verify: Any, moment: str, code: int) -> None:
    assert verify(None, "--at", moment).exit_code == code


def test_the_day_for_which_periods_count_is_an_option(verify: Any) -> None:
    result = verify(None, "--date", "2030-01-01", "--json")
    assert (result.exit_code, told(result)["code"]) == (1, "document_expired")


def test_types_and_profiles_are_options(verify: Any) -> None:
    assert told(verify(None, "--type", "urn:eudi:ehic:1", "--json"))["code"] == "type_not_accepted"
    assert verify(None, "--type", "urn:eudi:ehic:1", "--type", "urn:eudi:pda1:1").exit_code == 0
    assert told(verify(None, "--profile", "eudi-2026", "--json"))["code"] == "chain_invalid.thumbprint_missing"


def test_the_file_may_come_by_standard_input(run: Any, desk: Any) -> None:
    result = run("verify", "-", "--trust", desk.trust, "--at", desk.NOW, stdin=desk.credential() + "\n")
    assert result.exit_code == 3


def test_the_trust_file_may_come_by_the_environment(run: Any, desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTADOC_TRUST", str(desk.trust))
    assert run("verify", desk.file(desk.credential()), "--at", desk.NOW).exit_code == 3


@pytest.mark.parametrize("text", ["e30.e30.AA~", "a.b.c~d~e.f.g", "é.é.é~"])
def test_what_has_the_form_of_an_attestation_is_not_authentic_and_never_a_crash(verify: Any, text: str) -> None:
    result = verify(text, "--json")
    assert (result.exit_code, told(result)["verdict"]) == (1, "not_authentic")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "batch_file_unreadable"),
        ("hello", "batch_file_unreadable"),
        ("~", "batch_file_unreadable"),
        ("é~", "batch_file_unreadable"),
        ('{"kty": "EC"}', "no_attestation"),
        ("PD1:6BFOXN\nverification code: 0000", "attestation_in_lines"),
        ("a.b.c~\nd~", "attestation_in_lines"),
    ],
)
def test_what_is_no_attestation_gets_no_verdict_but_a_word_about_it(verify: Any, text: str, code: str) -> None:
    result = verify(text, "--json")
    assert (result.exit_code, result.stdout, code in result.stderr) == (2, "", True)


def test_another_token_is_called_by_its_name(verify: Any, desk: Any) -> None:
    result = verify(desk.status_list())
    assert (result.exit_code, "status list" in result.stderr) == (2, True)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_last_end_of_line_does_no_harm(verify: Any, desk: Any, end: str) -> None:
    assert verify(desk.credential() + end).exit_code == 0


def test_input_is_bounded(run: Any, desk: Any) -> None:
    result = run("verify", "-", "--trust", desk.trust, stdin="A" * (1024 * 1024 + 1))
    assert result.exit_code == 1
    assert "limit_exceeded" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--audience", "x"),
        ("--nonce", "x"),
        ("--at", "soon"),
        ("--at", "9" * 20),
        ("--date", "tomorrow"),
        ("--profile", "unknown"),
        ("--unknown",),
    ],
)
def test_wrong_use_is_exit_code_2(verify: Any, options: tuple[str, ...]) -> None:
    assert verify(None, *options).exit_code == 2


def test_a_file_that_is_not_there_is_wrong_use(run: Any) -> None:
    assert run("verify", "missing.txt").exit_code == 2
    assert run("verify").exit_code == 2


def test_trust_that_is_missing_or_damaged_is_misconfigured(run: Any, desk: Any, tmp_path: Path) -> None:
    file = desk.file(desk.credential())
    missing = run("verify", file, "--trust", tmp_path / "none.json")
    assert (missing.exit_code, "trust_missing" in missing.stderr) == (4, True)
    assert run("verify", file).exit_code == 4
    (tmp_path / "broken.json").write_text("{}")
    assert run("verify", file, "--trust", tmp_path / "broken.json").exit_code == 4


def test_text_of_a_credential_cannot_steer_the_terminal(verify: Any, desk: Any) -> None:
    name = "Evil\x1b[2J\x9b2J\u202e Corp\nVALID"
    employer = {"id": "1", "name": name, "country": "FR"}
    text = desk.credential(employer=employer)
    shown = verify(text).stdout
    assert "Evil\\u001b[2J\\u009b2J\\u202e Corp\\nVALID" in shown
    as_json = verify(text, "--json")
    assert not set("\x1b\x9b\u202e") & set(as_json.stdout)
    assert told(as_json)["claims"]["employer"]["name"] == name


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_verify_and_inspect_load_no_server_no_models_and_no_database(desk: Any, command: str) -> None:
    file = desk.file(desk.presentation(), "light.txt")
    options = ["--trust", str(desk.trust)] if command == "verify" else []
    script = (
        "import sys\n"
        "from portadoc.cli import main\n"
        f"try: main({[command, str(file), '--json', *options]!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'fastapi', 'starlette', 'pydantic', 'sqlalchemy', 'uvicorn', 'granian'} & set(sys.modules)\n"
        "sys.stderr.write(repr(sorted(heavy)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"
    assert json.loads(done.stdout)


def test_a_missing_trust_file_says_where_it_was_looked_for_and_how_to_name_it(run: Any, desk: Any) -> None:
    result = run("verify", desk.file(desk.credential()), "--trust", "nowhere/trust.json")
    assert result.exit_code == 4
    assert all(word in result.stderr for word in ("nowhere/trust.json", "--trust", "PORTADOC_TRUST"))


def withdrawals(desk: Any, effective_from: date, **changes: Any) -> str:
    record = WithdrawalRecord(effective_from, WithdrawalCause.FACTS_CHANGED, desk.NOW - 120)
    terms = {"uri": desk.LIST_URI, "iat": desk.NOW - 60, "exp": desk.NOW + 3600, **changes}
    return make_withdrawal_list({7: record}, signer=desk.signer(KeyPurpose.STATUS), **terms)


@pytest.mark.parametrize("option", ["--withdrawal-list", "--status-list"])
def test_a_withdrawal_list_tells_from_which_day_on(verify: Any, desk: Any, option: str) -> None:
    lists = (desk.status_list(7),)
    asked = ("--on", "2026-11-10", "--json")
    unknown = verify(None, *asked, lists=lists)
    assert (unknown.exit_code, found(unknown, "status")[1]) == (3, "effect_not_established")
    for effective_from, expected in (
        (date(2026, 11, 15), (0, "withdrawn_later")),
        (date(2026, 11, 5), (1, "revoked")),
    ):
        file = desk.file(withdrawals(desk, effective_from), "withdrawals.jwt")
        result = verify(None, *asked, option, file, lists=lists)
        assert (result.exit_code, found(result, "status")[1]) == expected


def test_a_withdrawal_list_of_nobody_is_told_and_left_out(verify: Any, desk: Any) -> None:
    other = desk.file(withdrawals(desk, date(2026, 11, 5), uri=f"{desk.LIST_URI}0"), "withdrawals.jwt")
    result = verify(None, "--withdrawal-list", other)
    assert (result.exit_code, "status_list_missing" in result.stderr) == (0, True)
    pack = verify(None, "--withdrawal-list", other, "--with", other)
    assert (pack.exit_code, "leave out" in pack.stderr) == (2, True)
