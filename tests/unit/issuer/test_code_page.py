"""The page at the address of a verification code: the same for every code, in eight languages, no script."""

import re
from typing import Any

import pytest

from portadoc.catalogue import WITH_TEXTS, text
from portadoc.issuer.pages.code_page import POLICY

CODE = "X9YH-TQRT-M6QD-J16Q"


def shown(rig: Any, path: str = f"/v/{CODE}", **headers: str) -> Any:
    return rig.transport.get(path, headers=headers)


@pytest.mark.parametrize("path", [f"/V/{CODE}", "/v/0", "/v/%3Cscript%3E", f"/v/{'A' * 2000}"])
def test_every_code_has_the_same_page_and_none_stands_in_it(rig: Any, path: str) -> None:
    made = rig.issuer.seal("fr-demo", rig.record(), pin="none")
    known, other = shown(rig, f"/v/{made.verification_code}"), shown(rig, path)
    assert (known.status, other.status) == (200, 200)
    assert known.body == other.body
    assert made.verification_code.encode() not in known.body
    assert made.document_number.encode() not in known.body


def test_it_says_that_it_is_no_verdict_and_how_to_check(rig: Any) -> None:
    page = shown(rig).body.decode()
    for key in ("code_page.no_verdict", "code_page.entitled", "paper.check.app", "paper.check.person"):
        assert text(key, "en").replace("'", "&#39;") in page
    assert 'href="/inspect/"' in page


@pytest.mark.parametrize("language", WITH_TEXTS)
def test_the_browser_and_the_reader_choose_its_language(rig: Any, language: str) -> None:
    asked, chosen = shown(rig, **{"Accept-Language": language}), shown(rig, f"/v/{CODE}?lang={language}")
    assert asked.body == chosen.body
    assert f'<html lang="{language}">' in asked.body.decode()
    assert asked.headers["content-language"] == language
    assert (text("note.not_reviewed", language) in asked.body.decode()) is (language not in ("en", "fr"))


def test_an_unknown_language_is_english(rig: Any) -> None:
    assert shown(rig, f"/v/{CODE}?lang=xx").body == shown(rig, f"/v/{CODE}?lang=en").body


def test_it_runs_and_fetches_nothing_from_elsewhere(rig: Any) -> None:
    answer = shown(rig)
    assert answer.headers["content-security-policy"] == POLICY
    assert "script-src" not in POLICY
    page = answer.body.decode()
    assert "<script" not in page
    assert "<form" not in page
    for address in re.findall(r'(?:href|src)="([^"]*)"', page):
        assert address.startswith(("/v/page-files/", "/inspect/", "?lang=", "#")), address
    (styles,) = re.findall(r'href="(/v/page-files/code\.css\?[^"]*)"', page)
    assert shown(rig, styles).headers["content-type"].startswith("text/css")
