"""``portadoc issuer paper``: a sealed PDF on the command line."""

import json
import stat
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from portadoc.paper.attachments import attached_files


@pytest.fixture
def desk(run: Any) -> Any:
    assert run("keys", "init").exit_code == 0
    return run


def paper(run: Any, *arguments: object, institution: str = "fr-demo", example: str = "posted-worker-fr-de") -> Any:
    return run("issuer", "paper", institution, "--example", example, *arguments)


def test_it_writes_one_file_that_its_owner_alone_can_read(desk: Any) -> None:
    result = paper(desk, "--out", "papers", "--language", "fr", "--language", "host", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    file = Path(told["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    pdf = file.read_bytes()
    assert told["has_copy"]
    assert "pdf" not in told
    (found,) = attached_files(pdf)
    assert found.name == "credential.sd-jwt"
    document = pypdfium2.PdfDocument(pdf)
    assert document.is_tagged()
    document.close()


def test_every_kind_has_a_paper_and_the_name_of_the_file_is_all_on_standard_output(desk: Any) -> None:
    for example in ("insured-traveller", "replacement-certificate"):
        result = paper(desk, institution="fr-health", example=example)
        assert result.exit_code == 0, result.output
        assert Path(result.stdout.strip()).is_file()
        assert "verification code: " in result.stderr


def test_a_record_has_as_many_papers_as_are_asked_for(desk: Any) -> None:
    first = json.loads(paper(desk, "--json").stdout)
    again = json.loads(desk("issuer", "paper", "fr-demo", first["record_id"], "--json").stdout)
    assert again["record_id"] == first["record_id"]
    assert again["code"] != first["code"]
    assert again["file"] != first["file"]


def test_what_was_meant_has_to_be_clear(desk: Any) -> None:
    assert desk("issuer", "paper", "fr-demo").exit_code == 2
    assert paper(desk, "--record", "nowhere.json").exit_code == 2
    assert paper(desk, institution="nobody").exit_code == 2
    assert paper(desk, "--language", "xx").exit_code == 2
