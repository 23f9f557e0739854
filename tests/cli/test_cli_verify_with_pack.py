"""``portadoc verify --with``: everything from a trust pack, and the same bytes again on every machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.trust_pack import PackedList, TrustPack, make_trust_pack
from portadoc.keys.certificates import to_pem
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import read_trust_file

WEEK = 7 * 86_400


@pytest.fixture
def pack_of(desk: Any) -> Any:
    """Write a pack with these changes to a file."""

    def call(*withdrawn: int, by: str = "de-inspection", **changes: Any) -> Path:
        values: dict[str, Any] = {
            "operator": "DE:TEST90",
            "sequence": 3,
            "as_of": desk.NOW,
            "exp": desk.NOW + WEEK,
            "trust": read_trust_file(desk.trust),
            "status_lists": (PackedList(desk.LIST_URI, desk.status_list(*withdrawn), desk.NOW - 30),),
            **changes,
        }
        path: Path = desk.folder / "trust.pack"
        path.write_bytes(make_trust_pack(TrustPack(**values), signer=desk.signer(KeyPurpose.TRUST_LIST, by)))
        return path

    return call


@pytest.fixture
def verify(run: Any, desk: Any, pack_of: Any) -> Any:
    """Verify a text from a pack, at the desk's time; nothing but the pack says what to believe of it."""

    def call(
        text: str | None = None,
        *options: object,
        pack: Path | None = None,
        at: int = desk.NOW,
        operator: str | None = "DE:TEST90",
    ) -> Any:
        file = desk.file(desk.credential() if text is None else text)
        whose = () if operator is None else ("--operator", operator)
        judged_by = ("--with", pack or pack_of(), "--trust", desk.trust, *whose)
        return run("verify", file, *judged_by, "--at", at, *options)

    return call


def told(result: Any) -> Any:
    return json.loads(result.stdout)


def test_a_credential_is_judged_from_the_pack(verify: Any, desk: Any, pack_of: Any) -> None:
    good = verify(None, "--json")
    assert (good.exit_code, told(good)["verdict"]) == (0, "authentic_in_force")
    assert told(good)["trust_pack"] == {
        "operator": "DE:TEST90",
        "sequence": 3,
        "as_of": desk.NOW,
        "exp": desk.NOW + WEEK,
    }
    withdrawn = verify(None, "--json", pack=pack_of(7))
    assert (withdrawn.exit_code, told(withdrawn)["verdict"]) == (1, "withdrawn_or_replaced")
    shown = verify()
    assert "Judged from trust pack 3 of DE:TEST90, as of 2026-11-22 12:00 UTC." in shown.stdout
    assert shown.stderr == ""


def test_k06_v47_a_status_that_has_become_too_old_is_never_green(verify: Any, desk: Any) -> None:
    result = verify(None, "--json", at=desk.NOW + 7200)
    assert (result.exit_code, told(result)["code"]) == (3, "status_unavailable.list_expired")
    assert told(result)["colour"] == "amber"


def test_a_presentation_is_judged_with_its_terms(verify: Any, desk: Any) -> None:
    terms = ("--audience", desk.AUDIENCE, "--nonce", desk.NONCE, "--json")
    result = verify(desk.presentation(), *terms)
    assert (result.exit_code, told(result)["verdict"]) == (0, "authentic_in_force")


def test_the_operator_s_authority_may_be_pinned_in_place_of_a_trust_file(
    verify: Any, desk: Any, tmp_path: Path
) -> None:
    chain = desk.signer(KeyPurpose.TRUST_LIST, "de-inspection").chain
    for name, anchors, expected in (
        ("own.pem", chain[1:], 0),
        ("root.pem", [each.certificate for each in read_trust_file(desk.trust).anchors], 0),
        ("other.pem", desk.signer(KeyPurpose.TRUST_LIST, "fr-demo").chain[1:], 4),
    ):
        (tmp_path / name).write_text(to_pem(anchors))
        result = verify(None, "--anchor", tmp_path / name, "--trust", "nowhere.json")
        assert result.exit_code == expected, result.stderr
    (tmp_path / "no.pem").write_text("no certificate")
    assert "verify_anchor_malformed" in verify(None, "--anchor", tmp_path / "no.pem").stderr
    (tmp_path / "leaf.pem").write_text(to_pem(chain[:1]))
    leaf = verify(None, "--anchor", tmp_path / "leaf.pem")
    assert (leaf.exit_code, "anchor_not_authority" in leaf.stderr) == (4, True)


@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        pytest.param({}, WEEK, "trust_pack_expired", id="V-32 expired"),
        pytest.param({}, -3600, "trust_pack_not_yet", id="of a later time"),
        pytest.param({"by": "fr-demo"}, 0, "institution_mismatch", id="of another operator"),
    ],
)
def test_a_pack_that_cannot_be_judged_from_is_exit_code_4(
    verify: Any, desk: Any, pack_of: Any, changes: dict[str, Any], at: int, code: str
) -> None:
    result = verify(pack=pack_of(**changes), at=desk.NOW + at)
    assert (result.exit_code, code in result.stderr, result.stdout) == (4, True, "")


def test_review_f11_whose_pack_it_has_to_be_is_said_by_name_or_by_the_operator_s_own_authority(
    verify: Any, desk: Any, pack_of: Any, tmp_path: Path
) -> None:
    unnamed = verify(operator=None)
    assert (unnamed.exit_code, "trust_pack_operator_unnamed" in unnamed.stderr) == (4, True)
    assert "--operator" in unnamed.stderr
    for name, anchors, expected in (
        ("own.pem", desk.signer(KeyPurpose.TRUST_LIST, "de-inspection").chain[1:], 0),
        ("root.pem", [each.certificate for each in read_trust_file(desk.trust).anchors], 4),
    ):
        (tmp_path / name).write_text(to_pem(anchors))
        assert verify(None, "--anchor", tmp_path / name, operator=None).exit_code == expected
    another = verify(pack=pack_of(by="fr-demo", operator="FR:TEST01"))
    assert (another.exit_code, "institution_mismatch" in another.stderr) == (4, True)


def test_what_is_no_pack_is_exit_code_4(verify: Any, desk: Any) -> None:
    result = verify(pack=desk.file("not a pack", "not.pack"))
    assert (result.exit_code, "trust_pack_invalid" in result.stderr) == (4, True)
    large = desk.file("A" * (8 * 1024 * 1024 + 1), "large.pack")
    assert "limit_exceeded" in verify(pack=large).stderr


def test_options_that_contradict_each_other_are_wrong_use(run: Any, verify: Any, desk: Any) -> None:
    assert verify(None, "--status-list", desk.file(desk.status_list(), "list.jwt")).exit_code == 2
    assert verify(None, "--json", "--html").exit_code == 2
    anchor = desk.file(to_pem(desk.signer(KeyPurpose.TRUST_LIST).chain[1:]), "anchor.pem")
    file = desk.file(desk.credential())
    assert run("verify", file, "--trust", desk.trust, "--anchor", anchor).exit_code == 2
    assert run("verify", file, "--trust", desk.trust, "--operator", "DE:TEST90").exit_code == 2


def test_a_preset_s_rules_may_be_judged_by(verify: Any, desk: Any) -> None:
    quick = verify(None, "--preset", "inspector-quick", "--json")
    assert (quick.exit_code, told(quick)["policy_id"]) == (0, "inspector-quick")
    care = verify(None, "--preset", "care-desk", "--json")
    assert (care.exit_code, told(care)["verdict"]) == (1, "not_what_was_asked")
    assert "preset_unknown" in verify(None, "--preset", "unknown").stderr


def test_the_report_may_be_a_page(verify: Any) -> None:
    page = verify(None, "--html").stdout
    assert page.startswith("<!doctype html>")
    assert page == verify(None, "--html").stdout


ENVIRONMENTS = [
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "fr_FR.UTF-8"},
    {"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles", "LANG": "de_DE", "LC_ALL": "C"},
]


def test_the_same_file_time_and_pack_give_the_same_bytes_whatever_the_machine_and_the_year(
    desk: Any, pack_of: Any, verify: Any, tmp_path: Path
) -> None:
    text, pack = desk.credential(), pack_of(8)
    first = verify(text, "--json", pack=pack)
    assert first.exit_code == 0
    assert verify(text, "--json", pack=pack).stdout_bytes == first.stdout_bytes
    script = (
        "import sys, time\n"
        f"time.time = lambda: {desk.NOW + 366 * 86_400}.5\n"
        "from portadoc.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    arguments = ["verify", desk.file(text), "--with", pack, "--trust", desk.trust, "--at", desk.NOW, "--json"]
    arguments += ["--operator", "DE:TEST90"]
    for environment in ENVIRONMENTS:
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, arguments)],
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        )
        assert done.stdout == first.stdout_bytes
        assert done.stderr == b""


def test_judging_from_a_pack_loads_no_server_no_models_no_database_and_no_network(desk: Any, pack_of: Any) -> None:
    arguments = ["verify", desk.file(desk.credential()), "--with", pack_of(), "--trust", desk.trust]
    arguments += ["--operator", "DE:TEST90"]
    script = (
        "import socket, sys\n"
        "socket.socket = None\n"
        "from portadoc.cli import main\n"
        f"try: main({[str(each) for each in [*arguments, '--at', desk.NOW, '--json']]!r})\n"
        "except SystemExit as exit: assert exit.code == 0\n"
        "heavy = {'fastapi', 'starlette', 'pydantic', 'sqlalchemy', 'uvicorn', 'lxml', 'portadoc.fetch'}\n"
        "sys.stderr.write(repr(sorted(heavy & set(sys.modules))))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_what_follows_the_installation_is_written_by_trust_pack(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("keys", "init").exit_code == 0
    first = told(run("trust", "pack", "--out", "first.pack", "--json"))
    second = run("trust", "pack", "--out", "second.pack", "--institution", "de-inspection")
    assert (first["sequence"], (tmp_path / "first.pack").stat().st_size > 1000) == (1, True)
    assert "trust pack 1," in second.stdout
    assert (tmp_path / "first.pack").read_bytes() == (tmp_path / "second.pack").read_bytes()
    assert "not_found" in run("trust", "pack", "--out", "third.pack", "--institution", "unknown").stderr


def test_who_may_sign_packs_has_to_be_said_and_is_not_about_the_attestation(
    verify: Any, desk: Any, tmp_path: Path
) -> None:
    nobody = verify(None, "--trust", "nowhere.json")
    assert (nobody.exit_code, "--anchor" in nobody.stderr) == (4, True)
    (tmp_path / "other.pem").write_text(to_pem(desk.signer(KeyPurpose.TRUST_LIST, "fr-demo").chain[1:]))
    other = verify(None, "--anchor", tmp_path / "other.pem")
    assert (other.exit_code, "pack's signer" in other.stderr) == (4, True)


def test_times_are_told_as_people_read_them(verify: Any, desk: Any) -> None:
    late = verify(at=desk.NOW + 2 * WEEK)
    assert (late.exit_code, "exp=2026-11-29 12:00 UTC" in late.stderr) == (4, True)
