"""What comes back in a cookie is believed only if it has the form of what was sent."""

import json
from dataclasses import asdict, replace

import pytest

from portadoc import base64url
from portadoc.errors import Conflict
from portadoc.tour.progress import MAX_COOKIE_CHARS, Progress, Question, Withdrawn

QUESTION = Question(
    transaction_id="t" * 22,
    session_secret="s" * 43,
    link="openid4vp://?client_id=x509_hash%3A" + "h" * 43 + "&request_uri=" + "u" * 120,
    expires_at=1_795_000_300,
)
PROGRESS = Progress(
    record_id="r" * 22,
    offer_uri="openid-credential-offer://?credential_offer_uri=" + "u" * 150,
    tx_code="123456",
    offer_expires_at=1_795_000_600,
    held=("a" * 22, "b" * 22),
    question=QUESTION,
    answered=True,
    withdrawn=Withdrawn(copies=2, lists_signed=1, lists_fetched=1),
    second_question=QUESTION,
)


def cookie_of(**changes: object) -> str:
    return base64url.encode(json.dumps({**asdict(PROGRESS), **changes}).encode())


def test_progress_survives_the_cookie():
    assert Progress.from_cookie(PROGRESS.to_cookie()) == PROGRESS


def test_early_progress_survives_the_cookie():
    early = replace(PROGRESS, held=(), question=None, answered=False, withdrawn=None, second_question=None)
    assert Progress.from_cookie(early.to_cookie()) == early


def test_a_whole_journey_fits_into_one_cookie():
    assert len(PROGRESS.to_cookie()) < MAX_COOKIE_CHARS


def test_secrets_do_not_show_when_progress_is_printed():
    shown = repr(PROGRESS)
    assert "s" * 43 not in shown
    assert "123456" not in shown
    assert "openid" not in shown


without_link = {name: value for name, value in asdict(QUESTION).items() if name != "link"}
BROKEN = {
    "absent": None,
    "empty": "",
    "not-base64url": "=%",
    "not-json": base64url.encode(b"{"),
    "not-an-object": base64url.encode(b"[]"),
    "member-missing": base64url.encode(json.dumps({"record_id": "r"}).encode()),
    "member-added": cookie_of(more=1),
    "wrong-kind": cookie_of(tx_code=123456),
    "truth-for-a-number": cookie_of(offer_expires_at=True),
    "held-not-text": cookie_of(held=[1]),
    "held-too-many": cookie_of(held=["a"] * 11),
    "offer-of-another-scheme": cookie_of(offer_uri="javascript:alert(1)"),
    "link-of-another-scheme": cookie_of(question={**asdict(QUESTION), "link": "javascript:alert(1)"}),
    "link-missing": cookie_of(question=without_link),
    "question-not-an-object": cookie_of(question="q"),
    "withdrawn-of-text": cookie_of(withdrawn={"copies": "2", "lists_signed": 1, "lists_fetched": 1}),
    "too-long": cookie_of(record_id="r" * 4000),
}


@pytest.mark.parametrize("cookie", BROKEN.values(), ids=BROKEN)
def test_a_broken_cookie_counts_as_none(cookie):
    with pytest.raises(Conflict) as refused:
        Progress.from_cookie(cookie)
    assert refused.value.code == "tour_step_missing"
