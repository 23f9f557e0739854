"""``portadoc issuer seal``: pictures, a page and a code, from an installation on the command line."""

import io
import json
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from portadoc.formats.visible_seal import parse_seal
from portadoc.keys.algorithms import ALL_ALGORITHMS


@pytest.fixture
def desk(run: Any) -> Any:
    assert run("keys", "init").exit_code == 0
    return run


def seal(run: Any, *arguments: object, institution: str = "fr-demo", example: str = "posted-worker-fr-de") -> Any:
    return run("issuer", "seal", institution, "--example", example, *arguments)


def codes(image: Image.Image) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(image)}


def test_it_writes_pictures_and_a_page_that_carry_one_seal(desk: Any) -> None:
    result = seal(desk, "--out", "paper", "--png", "--svg", "--pdf", "--json")
    told = json.loads(result.stdout)
    files = {Path(name).name.split(".", 1)[1]: Path(name) for name in told["files"]}
    assert set(files) == {"seal.png", "seal.svg", "code.png", "code.svg", "pdf"}
    assert codes(Image.open(io.BytesIO(files["seal.png"].read_bytes()))) == {told["text"]}
    assert codes(Image.open(io.BytesIO(files["code.png"].read_bytes()))) == {told["verification_url"]}
    document = pypdfium2.PdfDocument(files["pdf"].read_bytes())
    image = document[0].render(scale=150 / 72).to_pil()
    document.close()
    assert codes(image) == {told["text"], told["verification_url"]}
    assert parse_seal(told["text"], allowed_algs=ALL_ALGORITHMS).key_id
    for file in files.values():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_kind_is_sealed_and_told_in_words(desk: Any) -> None:
    for example in ("insured-traveller", "replacement-certificate"):
        result = seal(desk, "--pdf", "--language", "fr", institution="fr-health", example=example)
        assert result.exit_code == 0, result.output
        assert "verification code: " in result.stderr


def test_a_record_can_be_sealed_again_and_both_papers_fall_with_it(desk: Any) -> None:
    first = json.loads(seal(desk, "--json").stdout)
    again = json.loads(desk("issuer", "seal", "fr-demo", first["record_id"], "--json").stdout)
    assert again["record_id"] == first["record_id"]
    assert again["text"] != first["text"]
    rows = json.loads(desk("issuer", "list", "fr-demo", "--json").stdout)["credentials"]
    assert [row["configuration_id"] for row in rows] == ["seal", "seal"]
    done = json.loads(
        desk("issuer", "withdraw", "fr-demo", first["record_id"], "--reason", "facts_changed", "--json").stdout
    )
    assert set(done["credential_ids"]) == {first["credential_id"], again["credential_id"]}
    refused = desk("issuer", "seal", "fr-demo", first["record_id"])
    assert (refused.exit_code, "record_withdrawn" in refused.stderr) == (1, True)


def test_without_files_it_prints_the_text(desk: Any) -> None:
    assert seal(desk).stdout.startswith("PD1:")


@pytest.mark.parametrize("files", [(), ("--png", "--pdf", "--out", "papers")])
def test_standard_output_is_the_text_alone_and_can_be_judged_and_inspected(desk: Any, files: Any) -> None:
    result = seal(desk, *files)
    assert result.stdout.startswith("PD1:")
    assert result.stdout.count("\n") == 1
    Path("seal.txt").write_text(result.stdout, encoding="ascii")
    found = json.loads(desk("inspect", "seal.txt", "--json").stdout)
    assert (found["kind"], found["findings"]) == ("seal", [])
    assert desk("trust", "pack", "--out", "trust.pack").exit_code == 0
    judged = desk("verify", "seal.txt", "--with", "trust.pack", "--operator", "DE:TEST90")
    assert (judged.exit_code, "holder not proven" in judged.stdout) == (3, True), judged.output


def test_the_page_and_the_picture_are_read_like_the_text(desk: Any) -> None:
    made = json.loads(seal(desk, "--png", "--pdf", "--json").stdout)
    assert desk("trust", "pack", "--out", "trust.pack").exit_code == 0
    for file in made["files"]:
        judged = desk("verify", file, "--with", "trust.pack", "--operator", "DE:TEST90")
        is_code = file.endswith("code.png")
        assert judged.exit_code == (2 if is_code else 3), judged.output
        found = json.loads(desk("inspect", file, "--json").stdout)
        kinds = {"code.png": ["verification_address"], "seal.png": ["seal"]}
        expected = kinds.get(Path(file).name.split(".", 1)[1], ["seal", "verification_address"])
        assert sorted(part["kind"] for part in found["parts"].values()) == expected


def test_a_picture_that_cannot_be_read_gets_no_verdict_and_says_so(desk: Any) -> None:
    blank = io.BytesIO()
    Image.new("L", (200, 200), 255).save(blank, "PNG")
    for name, content in (("blank.png", blank.getvalue()), ("broken.pdf", b"%PDF-1.7 broken")):
        Path(name).write_bytes(content)
        judged = desk("verify", name)
        assert (judged.exit_code, judged.stdout) == (2, "")
        found = json.loads(desk("inspect", name, "--json").stdout)
        assert found["findings"][0]["code"] in ("picture_without_code", "batch_file_unreadable")


def test_without_the_reader_of_pictures_it_says_what_to_install(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(seal(desk, "--png", "--json").stdout)
    monkeypatch.setattr("portadoc.inspector.batch.reading._PACKAGES", {"no_such_module": "zxing-cpp"})
    for command in ("verify", "inspect"):
        refused = desk(command, made["files"][0])
        assert (refused.exit_code, "pip install 'portadoc[scan]'" in refused.stderr) == (4, True)


def test_a_record_from_a_file_with_too_many_places_needs_the_shortened_form(desk: Any) -> None:
    from portadoc.schemas.examples import example
    from portadoc.schemas.records import record_to_json

    record = record_to_json(example("posted-worker-fr-de"))
    (germany,) = record["countries_of_work"]
    germany["workplaces"] = [{**germany["workplaces"][0], "name": f"Beispielwerk {n}"} for n in range(120)]
    Path("record.json").write_text(json.dumps(record), encoding="utf-8")
    refused = desk("issuer", "seal", "fr-demo", "--record", "record.json")
    assert (refused.exit_code, "seal_too_large" in refused.stderr) == (1, True)
    shortened = desk("issuer", "seal", "fr-demo", "--record", "record.json", "--workplaces", "2")
    assert "left out and counted: 118" in shortened.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "word"),
    [
        (["fr-demo"], 2, "exactly one"),
        (["fr-demo", "x", "--example", "posted-worker-fr-de"], 2, "exactly one of --record"),
        (["nobody", "--example", "posted-worker-fr-de"], 2, "fr-demo"),
        (["fr-demo", "unknown"], 1, "record_unknown"),
        (["fr-demo", "--example", "insured-traveller"], 1, "record_of_other_institution"),
        (["fr-demo", "--example", "posted-worker-fr-de", "--pin", "some"], 2, "--pin"),
        (["fr-demo", "--example", "posted-worker-fr-de", "--language", "xx"], 2, "--language"),
    ],
)
def test_what_is_wrong_is_said(desk: Any, arguments: list[str], exit_code: int, word: str) -> None:
    result = desk("issuer", "seal", *arguments)
    assert (result.exit_code, word in result.output) == (exit_code, True), result.output


def test_a_folder_that_cannot_be_used_is_found_out_before_anything_is_sealed(desk: Any) -> None:
    Path("file").write_text("", encoding="utf-8")
    refused = seal(desk, "--out", "file/below", "--png")
    assert (refused.exit_code, "out_folder_unusable" in refused.stderr) == (4, True)
    assert json.loads(desk("issuer", "list", "fr-demo", "--json").stdout)["credentials"] == []


def test_without_typst_it_says_what_to_install_before_anything_is_sealed(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    refused = seal(desk, "--pdf")
    assert refused.exit_code == 4
    assert "pip install 'portadoc[pdf]'" in refused.stderr
    assert json.loads(desk("issuer", "list", "fr-demo", "--json").stdout)["credentials"] == []
    assert seal(desk, "--png").exit_code == 0


def test_a_pack_made_after_a_withdrawal_knows_of_it_and_tells_the_age_of_its_lists(desk: Any) -> None:
    made = json.loads(seal(desk, "--json").stdout)
    Path("seal.txt").write_text(made["text"], encoding="ascii")
    first = desk("trust", "pack", "--out", "before.pack")
    assert re.search(r"status lists in it: 1, the oldest fetched [0-9]+ s ago\n", first.stderr)
    assert desk("issuer", "withdraw", "fr-demo", made["record_id"], "--reason", "facts_changed").exit_code == 0
    second = json.loads(desk("trust", "pack", "--out", "after.pack", "--json").stdout)
    assert [each["age_s"] < 60 for each in second["status_lists"]] == [True]
    terms = ["--operator", "DE:TEST90", "--json"]
    verdicts = [
        json.loads(desk("verify", "seal.txt", "--with", file, *terms).stdout)["verdict"]
        for file in ("before.pack", "after.pack")
    ]
    assert verdicts == ["holder_not_proven", "withdrawn_or_replaced"]


def test_a_pack_that_is_too_old_for_the_day_says_so_and_not_something_of_its_signer(desk: Any) -> None:
    made = json.loads(seal(desk, "--json").stdout)
    Path("seal.txt").write_text(made["text"], encoding="ascii")
    assert desk("trust", "pack", "--out", "trust.pack").exit_code == 0
    for day in ("2028-01-01", "2060-01-01"):
        refused = desk("verify", "seal.txt", "--with", "trust.pack", "--operator", "DE:TEST90", "--at", day)
        assert (refused.exit_code, "too old for the time in question" in refused.stderr) == (4, True)


def test_what_is_judged_is_told_in_words(desk: Any) -> None:
    made = json.loads(seal(desk, "--json").stdout)
    Path("seal.txt").write_text(made["text"], encoding="ascii")
    assert desk("trust", "pack", "--out", "trust.pack").exit_code == 0
    told = desk("verify", "seal.txt", "--with", "trust.pack", "--operator", "DE:TEST90").stdout
    assert "Posted employed person (01)" in told
    assert "female (2)" in told
    assert "France" in told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("inspector", "export", "x", "--json", "x.json"), "visit_not_here"),
        (("inspector", "dossier", "Nowhere"), "site_not_here"),
        (("inspector", "dossier", "--end", "x"), "dossier_not_here"),
        (("inspector", "revoke", "x"), "device_not_here"),
    ],
)
def test_what_is_not_there_is_called_by_its_name(desk: Any, arguments: tuple[str, ...], code: str) -> None:
    refused = desk(*arguments)
    assert (refused.exit_code, code in refused.stderr) == (1, True)


def test_an_unknown_example_is_wrong_use(desk: Any) -> None:
    assert seal(desk, example="nobody").exit_code == 2
