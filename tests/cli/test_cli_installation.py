"""Commands on an installation that is being served: offer, accept, present, withdraw; and what goes wrong."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from portadoc.cli.issuer import CAUSES, REASONS
from portadoc.cli.serve import _announce, _own_port
from portadoc.formats import jws, strict_json
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.serve.run import listen
from portadoc.verification.checks import PROCEDURE, Check, Outcome
from portadoc.verification.presets.presets import preset
from portadoc.verification.report import VerificationReport
from portadoc.verifier.results import PresentationResult, Problem, Result
from portadoc.verifier.store import request_store
from tests.cli.conftest import Served

ROOT = Path(__file__).resolve().parents[2]
CHANGED = ("--reason", "facts_changed")


def offer(portadoc: Any, *options: object) -> Any:
    return portadoc("issuer", "offer", "fr-demo", "--example", "posted-worker-fr-de", "--type", "pda1", *options)


def question(served: Served) -> Any:
    return served.house.verifier.create_request("de-inspection", preset("inspector-quick"))


def answer(served: Served, session: Any) -> Any:
    return served.house.verifier.result("de-inspection", session.transaction_id, session.session_secret).result


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return bytes(response.read())


def test_the_whole_path_by_commands(portadoc: Any, run: Any, served: Served, tmp_path: Path) -> None:
    made = offer(portadoc, "--tx-code", "--by-reference")
    assert portadoc("wallet", "list")["credentials"] == []
    assert run("wallet", "list", "--data-dir", served.folder).stdout == "none\n"
    held = portadoc("wallet", "accept", made["offer_uri"], "--tx-code", made["tx_code"])["credentials"]
    assert [each["type"] for each in held] == ["urn:eudi:pda1:1"]
    assert [each["id"] for each in portadoc("wallet", "list")["credentials"]] == [held[0]["id"]]

    session = question(served)
    presented = portadoc("wallet", "present", session.link)
    assert presented["status"] == "presented"
    assert presented["shared"][0]["opened_up"] == ["document_number"]
    assert answer(served, session).accepted

    rows = portadoc("issuer", "list", "fr-demo")["credentials"]
    assert [row["state"] for row in rows] == ["issued"]
    assert "intended" not in run("issuer", "list", "fr-demo", "--data-dir", served.folder).stdout
    done = portadoc("issuer", "withdraw", "fr-demo", made["record_id"], "--reason", "facts_changed")
    assert len(done["credential_ids"]) == 1
    assert done["published"] == 1
    assert [row["state"] for row in portadoc("issuer", "list", "fr-demo")["credentials"]] == ["withdrawn"]

    # What the verifier would say now, said offline from the files alone.
    (credential,) = served.house.wallet.credentials()
    text = tmp_path / "credential.txt"
    text.write_text(credential.sd_jwt)
    claims = jws.unverified_claims(credential.sd_jwt.partition("~")[0])
    lists = tmp_path / "list.jwt"
    lists.write_bytes(fetched(claims["status"]["status_list"]["uri"]))
    trust = tmp_path / "trust.json"
    trust.write_bytes(fetched(f"{served.base_url}/trust"))
    verdict = run("verify", text, "--trust", trust, "--status-list", lists, "--json")
    assert (verdict.exit_code, json.loads(verdict.stdout)["code"]) == (1, "revoked")


def test_for_people_the_offer_is_a_qr_code_and_the_next_command_is_told(run: Any, served: Served) -> None:
    arguments = ("offer", "fr-health", "--example", "insured-traveller", "--type", "ehic")
    result = run("issuer", *arguments, "--by-reference", "--data-dir", served.folder)
    assert result.exit_code == 0
    assert "openid-credential-offer://" in result.stdout
    assert "next: portadoc wallet accept" in result.stderr
    link = next(line for line in result.stdout.splitlines() if line.startswith("openid-credential-offer"))
    kept = run("wallet", "accept", link, "--data-dir", served.folder)
    assert (kept.exit_code, kept.stdout.startswith("kept ")) == (0, True)
    assert run("wallet", "list", "--data-dir", served.folder).stdout.split()[:3] == ["ID", "TYPE", "ISSUER"]
    assert "STATE" in run("issuer", "list", "fr-health", "--data-dir", served.folder).stdout


def test_nothing_is_shared_without_consent(run: Any, portadoc: Any, served: Served) -> None:
    portadoc("wallet", "accept", offer(portadoc)["offer_uri"])
    session = question(served)
    refused = run("wallet", "present", session.link, "--data-dir", served.folder, stdin="n\n")
    assert refused.exit_code == 1
    assert "asked by DE:TEST90 (DE)" in refused.stdout
    assert "calls itself x509_hash:" in refused.stdout
    assert "warning" not in refused.stdout  # it is registered for all that it asks
    shown = dict(line.strip().split(": ", 1) for line in refused.stdout.splitlines() if line.startswith("    "))
    assert shown["opened up"].strip() == "document_number"
    assert "legislation_country" in shown["readable in any case"]
    assert "personal_administrative_number" in shown["stays hidden"]
    assert not answer(served, session).accepted
    agreed = question(served)
    assert run("wallet", "present", agreed.link, "--data-dir", served.folder, stdin="y\n").exit_code == 0
    told = question(served)
    assert run("wallet", "present", told.link, "--yes", "--data-dir", served.folder).exit_code == 0
    assert answer(served, told).accepted


def test_g11_a_result_that_somebody_has_to_look_at_is_no_refusal(run: Any, served: Served) -> None:
    created, checks = (
        question(served),
        [Check(kind.id, Outcome.PASS, "covers_work_ok", kind.clause) for kind in PROCEDURE],
    )
    report = VerificationReport(tuple(checks), as_of=0, policy_id="test")
    problem = Problem("person_not_comparable", {"reason": "person_nothing_comparable"})
    found = Result(presentations=(PresentationResult("a1", report),), problems=(problem,))
    with served.house.database.transaction() as connection:
        session = request_store.find_session(connection, "de-inspection", created.transaction_id)
        assert session is not None
        request_store.close_answered(connection, session.request, response_code_digest=None, now=0)
        request_store.insert_result(connection, session.request, body=found.to_text(), now=0)
    shown = run(
        *("verifier", "result", "de-inspection", created.transaction_id, created.session_secret),
        *("--data-dir", served.folder),
    )
    assert shown.exit_code == 3, shown.output
    assert "NOT DECIDED" in shown.stdout
    assert "Compare by eye" in shown.stdout


def asked(portadoc: Any, *options: object) -> Any:
    return portadoc("verifier", "ask", "de-inspection", "--preset", "inspector-quick", *options)


def session_of(made: Any) -> tuple[str, ...]:
    return ("--", "de-inspection", made["transaction_id"], made["session_secret"])


def test_a_verifier_asks_and_reads_the_result_by_commands(run: Any, portadoc: Any, served: Served) -> None:
    portadoc("wallet", "accept", offer(portadoc)["offer_uri"])
    made = asked(portadoc)
    here = ("--data-dir", served.folder)
    waiting = run("verifier", "result", *here, *session_of(made))
    assert (waiting.exit_code, "No answer yet" in waiting.stdout) == (3, True)
    assert run("wallet", "present", made["link"], "--yes", *here).exit_code == 0
    found = run("verifier", "result", *here, *session_of(made))
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, "ACCEPTED")
    assert "Structure" in found.stdout
    piped = ("verifier", "result", "--json", *here, "de-inspection", made["transaction_id"], "-")
    told = json.loads(run(*piped, stdin=f"{made['session_secret']}\n").stdout)
    assert told["receipt"].count(".") == 2
    assert (told["phase"], told["result"]["accepted"]) == ("answered", True)
    wrong = run("verifier", "result", *here, "de-inspection", made["transaction_id"], "-wrong")
    assert (wrong.exit_code, "wrong transaction or secret" in wrong.stderr) == (1, True)


def test_a_refused_result_says_why(run: Any, portadoc: Any, served: Served) -> None:
    portadoc("wallet", "accept", offer(portadoc)["offer_uri"])
    made = asked(portadoc, "--date", "2001-01-01")
    here = ("--data-dir", served.folder)
    presented = run("wallet", "present", made["link"], "--yes", *here)
    assert (presented.exit_code, "presentation_refused" in presented.stderr) == (1, True)
    found = run("verifier", "result", *here, *session_of(made))
    assert (found.exit_code, "REFUSED" in found.stdout.splitlines()) == (1, True)
    assert "(document_not_yet_issued)" in found.stdout


def test_for_people_the_request_is_a_qr_code_with_what_reads_its_result(run: Any, served: Served) -> None:
    result = run("verifier", "ask", "de-inspection", "--preset", "inspector-quick", "--data-dir", served.folder)
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("openid4vp://", "transaction: ", "session secret: "))
    assert "next: portadoc wallet present" in result.stderr
    unknown = run("verifier", "ask", "nobody", "--preset", "inspector-quick", "--data-dir", served.folder)
    assert (unknown.exit_code, "de-inspection" in unknown.stderr) == (2, True)
    assert "inspector-quick" in run("verifier", "presets").stdout


def test_a_credential_is_shown_for_verify(run: Any, portadoc: Any, served: Served) -> None:
    held = portadoc("wallet", "accept", offer(portadoc)["offer_uri"])["credentials"][0]
    shown = run("wallet", "show", "--data-dir", served.folder, "--", held["id"])
    trust = served.folder / "keys" / "trust.json"
    verdict = run("verify", "-", "--trust", trust, "--json", stdin=shown.stdout)
    assert (verdict.exit_code, json.loads(verdict.stdout)["code"]) == (3, "status_unavailable.not_held")
    none = run("wallet", "show", "none", "--data-dir", served.folder)
    assert (none.exit_code, "credential_id_unknown" in none.stderr) == (1, True)


def test_what_a_peer_refuses_is_said_in_words_of_the_holder(run: Any, portadoc: Any, served: Served) -> None:
    here = ("--data-dir", served.folder)
    made = offer(portadoc, "--tx-code")
    wrong = "1" * len(made["tx_code"]) if made["tx_code"][0] != "1" else "2" * len(made["tx_code"])
    assert "tx_code_refused" in run("wallet", "accept", made["offer_uri"], "--tx-code", wrong, *here).stderr
    assert run("wallet", "accept", made["offer_uri"], "--tx-code", made["tx_code"], *here).exit_code == 0
    used = run("wallet", "accept", made["offer_uri"], "--tx-code", made["tx_code"], *here)
    assert (used.exit_code, "offer_not_redeemable" in used.stderr) == (1, True)
    reference = offer(portadoc, "--by-reference")["offer_uri"]
    assert run("wallet", "accept", reference, *here).exit_code == 0
    assert "offer_not_redeemable" in run("wallet", "accept", reference, *here).stderr
    question_ = question(served)
    assert run("wallet", "present", question_.link, "--yes", *here).exit_code == 0
    again = run("wallet", "present", question_.link, "--yes", *here)
    assert (again.exit_code, "request_closed" in again.stderr) == (1, True)


def test_a_withdrawal_says_when_verifiers_learn_of_it(run: Any, portadoc: Any, served: Served) -> None:
    made = offer(portadoc)
    portadoc("wallet", "accept", made["offer_uri"])
    arguments = ("issuer", "withdraw", "fr-demo", made["record_id"], *CHANGED, "--data-dir", served.folder)
    assert "verifiers learn of it within 300 s" in run(*arguments).stdout
    assert "this record was withdrawn already" in run(*arguments).stdout


def test_a_withdrawal_says_from_when_why_and_what_takes_its_place(run: Any, portadoc: Any, served: Served) -> None:
    made, successor = offer(portadoc), offer(portadoc)["record_id"]
    portadoc("wallet", "accept", made["offer_uri"])
    effect = ("--effective-from", "2026-11-02", "--cause", "ended_early", "--successor", successor)
    done = portadoc("issuer", "withdraw", "fr-demo", made["record_id"], *CHANGED, *effect)
    assert (done["effective_from"], done["cause"], done["successor"]) == ("2026-11-02", "ended_early", successor)
    more = offer(portadoc)
    portadoc("wallet", "accept", more["offer_uri"])
    told = run("issuer", "withdraw", "fr-demo", more["record_id"], *CHANGED, "--data-dir", served.folder).stdout
    assert "published cause: facts_changed" in told


def test_an_offer_is_inspected_before_it_is_accepted(run: Any, portadoc: Any) -> None:
    tree = json.loads(run("inspect", offer(portadoc)["offer_uri"], "--json").stdout)
    assert tree["parts"]["offer"]["content"]["credential_configuration_ids"] == ["pda1"]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("issuer", "offer", "fr-demo", "--type", "pda1"), 2, "--record"),
        (("issuer", "offer", "fr-demo", "--example", "unknown", "--type", "pda1"), 2, "example_unknown"),
        (
            ("issuer", "offer", "nobody", "--example", "posted-worker-fr-de", "--type", "pda1"),
            2,
            "one of fr-demo, fr-health, fr-identity",
        ),
        (("issuer", "withdraw", "fr-demo", "none"), 2, "--reason"),
        (("issuer", "withdraw", "fr-demo", "none", *CHANGED), 1, "withdrawal_subject_unknown"),
        (("issuer", "withdraw", "fr-demo", "none", "--reason", "mood"), 2, "--reason"),
        (("issuer", "withdraw", "fr-demo", "none", *CHANGED, "--cause", "fraud"), 2, "--cause"),
        (
            ("issuer", "withdraw", "fr-demo", "none", *CHANGED, "--effective-from", "2999-01-01"),
            1,
            "withdrawal_date_future",
        ),
        (("issuer", "withdraw", "fr-demo", "none", *CHANGED, "--effective-from", "soon"), 2, "--effective-from"),
        (("wallet", "accept", "hello"), 1, "link_invalid"),
        (("wallet", "accept", "openid-credential-offer://?credential_offer=%7B%7D"), 1, "message_invalid"),
        (("wallet", "present", "openid4vp://?client_id=x"), 1, "request_object_invalid"),
        (("wallet", "accept", "x", "--copies", "0"), 2, "--copies"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_goes_wrong_has_its_code_and_exit_code(
    run: Any, served: Served, arguments: tuple[str, ...], code: int, word: str
) -> None:
    result = run(*arguments, "--data-dir", served.folder)
    assert result.exit_code == code
    assert word in result.stderr


@pytest.mark.parametrize(
    "table",
    ['issues = ["pda1"]', 'verifies = ["urn:eudi:pda1:1"]'],
    ids=["issuer only", "verifier only"],
)
def test_an_installation_may_have_one_role_only(run: Any, tmp_path: Path, table: str) -> None:
    file = tmp_path / "portadoc.toml"
    head = f'data_dir = "{tmp_path}/data"\n[institutions.one]\nid = "FR:TEST01"\nname = "One"\ncountry = "FR"\n'
    file.write_text(head + table + "\n")
    assert run("config", "check", "--config", file).exit_code == 0
    assert run("keys", "init", "--config", file).exit_code == 0
    assert "one" in run("keys", "list", "--config", file).stdout


def test_a_service_that_does_not_answer_is_exit_code_3(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    monkeypatch.setenv("PORTADOC_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("PORTADOC_DATA_DIR", str(tmp_path / "data"))
    assert run("keys", "init").exit_code == 0
    made = run("issuer", "offer", "fr-demo", "--example", "posted-worker-fr-de", "--type", "pda1", "--json")
    assert made.exit_code == 0
    result = run("wallet", "accept", json.loads(made.stdout)["offer_uri"])
    assert (result.exit_code, "peer_unreached" in result.stderr) == (3, True)
    assert f"http://127.0.0.1:{port} could not be reached (connect)" in result.stderr


def test_a_record_may_come_from_a_file(run: Any, portadoc: Any, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(strict_json.dumps(record_to_json(example("insured-traveller"))))
    made = portadoc("issuer", "offer", "fr-health", "--record", file, "--type", "ehic")
    assert made["record_id"]
    file.write_text("{")
    arguments = ("offer", "fr-health", "--record", file, "--type", "ehic", "--data-dir", tmp_path)
    assert run("issuer", *arguments).exit_code == 1


def test_a_folder_whose_keys_were_made_for_another_origin_is_misconfigured(
    run: Any, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTADOC_BASE_URL", "http://127.0.0.1:1")
    result = run("wallet", "list", "--data-dir", served.folder)
    assert (result.exit_code, "base_url_differs" in result.stderr) == (4, True)


@pytest.mark.parametrize(
    ("how", "workers"),
    [
        pytest.param(signal.SIGINT, "1", id="SIGINT-1"),
        pytest.param(signal.SIGTERM, "2", id="SIGTERM-2"),
        pytest.param(signal.SIGINT, "2", id="SIGINT-2", marks=pytest.mark.soak),
        pytest.param(signal.SIGTERM, "1", id="SIGTERM-1", marks=pytest.mark.soak),
    ],
)
def test_serve_answers_until_it_is_told_to_stop(tmp_path: Path, how: signal.Signals, workers: str) -> None:
    command = [sys.executable, "-m", "portadoc", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(
        [*command, "--workers", workers], stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stderr is not None
        banner = process.stderr.readline()
        try:
            assert banner.startswith("Portadoc on http://127.0.0.1:")
            assert json.loads(fetched_soon(f"{banner.split()[2]}trust"))["anchors"]
        finally:
            process.send_signal(how)
            _, said = process.communicate(timeout=30)
    assert (process.returncode, said.splitlines()[-1]) == (0, "Stopped")


def fetched_soon(url: str) -> bytes:
    """Fetch as soon as workers take connections."""
    for _ in range(100):
        try:
            return fetched(url)
        except URLError:
            time.sleep(0.1)
    return fetched(url)


def test_a_damaged_wallet_file_is_misconfigured(run: Any, portadoc: Any, served: Served) -> None:
    portadoc("wallet", "accept", offer(portadoc)["offer_uri"])
    (file,) = served.folder.glob("**/wallet.json")
    kept = file.read_bytes()
    try:
        file.write_text("{")
        result = run("wallet", "list", "--data-dir", served.folder)
    finally:
        file.write_bytes(kept)
    assert (result.exit_code, "wallet_file_invalid" in result.stderr) == (4, True)


def test_serve_says_when_its_port_is_taken(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = listen("127.0.0.1", 0)
    try:
        port = listener.getsockname()[1]
        result = run("serve", "--port", port, "--data-dir", tmp_path)
        monkeypatch.setenv("PORTADOC_BASE_URL", f"http://127.0.0.1:{port}")
        of_the_origin = run("serve", "--data-dir", tmp_path)
    finally:
        listener.close()
    assert (result.exit_code, "port_taken" in result.stderr) == (4, True)
    assert (of_the_origin.exit_code, f"port={port}" in of_the_origin.stderr) == (4, True)


@pytest.mark.parametrize(
    ("origin", "port"),
    [("http://localhost:8771", 8771), ("https://issuer.example:8443", 8700), ("http://127.0.0.1", 8700)],
)
def test_serve_listens_where_an_origin_on_this_machine_says(
    monkeypatch: pytest.MonkeyPatch, origin: str, port: int
) -> None:
    monkeypatch.setenv("PORTADOC_BASE_URL", origin)
    assert _own_port(None, None) == port


def test_serve_says_where_it_listens_when_the_origin_is_elsewhere(
    capsys: pytest.CaptureFixture[str], served: Served
) -> None:
    settings = served.house.settings
    _announce(settings, settings.base_url.removeprefix("http://"))
    assert "Listening" not in capsys.readouterr().err
    _announce(settings, "127.0.0.1:1")
    told = capsys.readouterr().err
    assert f"Listening on 127.0.0.1:1: requests to {settings.base_url}" in told
    assert "ietf-latest" in told


def test_a_registrar_certifies_what_a_verifier_asks(run: Any, served: Served, tmp_path: Path) -> None:
    command = ("keys", "registration", "--registrar", "development-registrar", "--data-dir", served.folder)
    file = tmp_path / "registration.jwt"
    made = run(*command, "de-inspection", "--output", file)
    assert (made.exit_code, made.stdout.startswith("registered 4 credential types")) == (0, True)
    claims = jws.unverified_claims(file.read_text().strip())
    assert (claims["sub"], claims["registry_uri"]) == (
        "DE:TEST90",
        f"{served.base_url}/registrar/development-registrar",
    )
    printed = run(*command, "de-inspection")
    assert jws.unverified_claims(printed.stdout.strip())["credentials"] == claims["credentials"]
    told = json.loads(run(*command, "de-inspection", "--json").stdout)
    assert told["claims"]["credentials"] == claims["credentials"]
    (asked,) = jws.unverified_claims(run(*command, "fr-demo").stdout.strip())["credentials"]
    assert asked["meta"] == {"vct_values": ["urn:eudi:pid:1"]}
    assert run(*command, "nowhere").exit_code == 2
    unknown = ("keys", "registration", "--registrar", "nobody", "--data-dir", served.folder, "de-inspection")
    assert run(*unknown).exit_code == 4


def test_the_words_for_withdrawals_are_those_of_the_issuer(run: Any) -> None:
    assert list(REASONS) == [each.value for each in WithdrawalReason]
    assert list(CAUSES) == [each.value for each in WithdrawalCause]
    told = run("issuer", "withdraw", "--help").stdout
    assert all(word in told for word in (*REASONS, *CAUSES))


def test_a_document_of_one_number_has_one_record_in_force(run: Any, served: Served, tmp_path: Path) -> None:
    def filed(command: str, content: dict[str, Any], *more: object) -> Any:
        (tmp_path / "decision.json").write_text(json.dumps(content))
        record = ("--record", tmp_path / "decision.json", "--data-dir", served.folder)
        return run("issuer", command, "fr-demo", *record, *more)

    decision = record_to_json(example("posted-worker-fr-de"))
    decision["document"]["number"] = "A1-ONE-DOCUMENT"
    first = json.loads(filed("offer", decision, "--type", "pda1", "--json").stdout)
    again = filed("offer", decision, "--type", "pda1")
    assert f"record: {first['record_id']}  (in force already" in again.stdout
    assert "collect by: " in again.stdout
    for command in ("seal", "paper"):
        made = filed(command, decision, "--json", "--out", tmp_path)
        assert json.loads(made.stdout)["record_id"] == first["record_id"]

    for member, value in (("surnames", "Autrement"), ("pin", "1850412000000"), ("date_of_birth", "1980-01-01")):
        other = {**decision, "person": {**decision["person"], member: value}}
        refused = filed("offer", other, "--type", "pda1", "--json")
        assert (refused.exit_code, "document_in_force" in refused.stderr) == (1, True)
        assert f"portadoc issuer withdraw fr-demo {first['record_id']}" in refused.stderr
    here = ("--data-dir", served.folder)
    assert run("issuer", "withdraw", "fr-demo", first["record_id"], *CHANGED, *here).exit_code == 0
    anew = json.loads(filed("offer", other, "--type", "pda1", "--json").stdout)
    assert anew["record_id"] != first["record_id"]


def test_a_record_that_is_there_is_offered_by_its_id(run: Any, portadoc: Any, served: Served) -> None:
    made = offer(portadoc)
    again = portadoc("issuer", "offer", "fr-demo", made["record_id"], "--type", "pda1", "--tx-code")
    assert (again["record_id"], again["found_in_force"]) == (made["record_id"], False)
    kept = run("wallet", "accept", again["offer_uri"], "--tx-code", again["tx_code"], "--data-dir", served.folder)
    assert kept.exit_code == 0
    both = ("--example", "posted-worker-fr-de", "--type", "pda1", "--data-dir", served.folder)
    assert run("issuer", "offer", "fr-demo", made["record_id"], *both).exit_code == 2


def test_a_transaction_code_is_refused_where_no_offer_has_one(
    run: Any, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTADOC_PROFILE", "haip-1.0")
    arguments = ("offer", "fr-demo", "--example", "posted-worker-fr-de", "--type", "pda1", "--tx-code")
    refused = run("issuer", *arguments, "--data-dir", served.folder)
    assert (refused.exit_code, "tx_code_not_possible" in refused.stderr) == (1, True)


def test_a_withdrawal_that_ends_no_copy_says_why(run: Any, portadoc: Any, served: Served) -> None:
    made, here = offer(portadoc), (*CHANGED, "--data-dir", served.folder)
    assert "no copy of it was in force" in run("issuer", "withdraw", "fr-demo", made["record_id"], *here).stdout
    assert (
        "this record was withdrawn already"
        in run("issuer", "withdraw", "fr-demo", made["record_id"], *here).stdout
    )
    more = offer(portadoc)
    portadoc("wallet", "accept", more["offer_uri"])
    rows = portadoc("issuer", "list", "fr-demo")["credentials"]
    copy = next(row["credential_id"] for row in rows if row["record_id"] == more["record_id"])
    assert "copies withdrawn: 1" in run("issuer", "withdraw", "fr-demo", copy, *here).stdout
    assert "this copy was withdrawn already" in run("issuer", "withdraw", "fr-demo", copy, *here).stdout
