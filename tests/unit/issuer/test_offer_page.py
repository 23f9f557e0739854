"""The page of an offer: its secret address, the ways into a wallet, what it keeps to itself, how it is over."""

import html
import logging
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from portadoc.catalogue import WITH_TEXTS, texts
from portadoc.issuer import WithdrawalReason
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json

A1 = "fr-demo"


def page(rig: Any, offer: Any, language: str = "en") -> Any:
    place = urlsplit(offer.page_uri).path
    return rig.transport.request("GET", place, headers={"accept": "text/html", "accept-language": language})


def reference(offer: Any) -> str:
    return str(offer.page_uri).split("/")[-2]


def collect(rig: Any, offer: Any, **more: str) -> None:
    code = rig.transport.request("GET", f"/issuer/{A1}/offers/{reference(offer)}").json()["grants"]
    (grant,) = code.values()
    assert rig.redeem(grant["pre-authorized_code"], **more).status == 200


def test_the_page_leads_into_a_wallet_here_and_elsewhere(rig: Any) -> None:
    offer = rig.offer("pda1", by_reference=True)
    shown = page(rig, offer)
    assert shown.status == 200
    assert f'href="{html.escape(offer.offer_uri)}"' in shown.text
    assert shown.text.index('id="here"') < shown.text.index('id="there"')
    assert 'role="img"' in shown.text
    assert "A1 certificate" in shown.text
    assert "A1 institution (test)" in shown.text


@pytest.mark.parametrize("language", WITH_TEXTS)
def test_it_is_written_in_the_language_of_its_reader_without_a_script(rig: Any, language: str) -> None:
    words = texts(language, "authorize").entries
    offer = rig.offer("pda1", tx_code=True, by_reference=True)
    pages = {"open": page(rig, offer, language).text}
    rig.issuer.offers.cancel(A1, offer.offer_id)
    pages["ended"] = page(rig, offer, language).text
    for standing, markup in pages.items():
        assert f'<html lang="{language}">' in markup
        assert f"<h1>{html.escape(words[f'offer.title.{standing}'], quote=False)}</h1>" in markup
        assert not re.search(r"<script|<iframe|style=|\son[a-z]+=|<form|<meta http-equiv", markup)
        assert not re.search(r'(?:src|href|action)="https?:', markup)
        heads = [int(level) for level in re.findall(r"<h([1-6])", markup)]
        assert all(after <= before + 1 for before, after in pairwise(heads))
        ids = re.findall(r'\sid="([^"]+)"', markup)
        assert len(set(ids)) == len(ids)


def test_it_says_hardly_whose_it_is_and_never_the_code(rig: Any) -> None:
    offer = rig.offer("pda1", tx_code=True, by_reference=True)
    text = page(rig, offer).text
    person = record_to_json(example("posted-worker-fr-de"))["person"]
    assert f"{person['forenames'][0]}. {person['surnames'][0]}." in text
    for told in (person["forenames"], person["surnames"], person["pin"], person["date_of_birth"], offer.tx_code):
        assert told not in text
    assert "a code of 6 digits" in text


def test_nobody_keeps_indexes_or_passes_on_its_address(rig: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    offer = rig.offer("pda1", by_reference=True)
    shown = page(rig, offer)
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert len(reference(offer)) == 43  # 256 bits
    assert reference(offer) not in caplog.text
    with rig.database.read() as connection:
        stored = connection.exec_driver_sql("SELECT * FROM issuer_offers").all()
    assert reference(offer) not in repr(stored)


@pytest.mark.parametrize("institution", [A1, "fr-health", "nobody"])
@pytest.mark.parametrize("guess", ["A" * 43, "x", "page"])
def test_a_guess_finds_nothing(rig: Any, institution: str, guess: str) -> None:
    rig.offer("pda1", by_reference=True)
    answer = rig.transport.request("GET", f"/issuer/{institution}/offers/{guess}/page")
    assert answer.status == 404
    assert texts("en", "authorize").text("offer.title.unknown") in answer.text
    assert "not_found" in answer.text


def test_an_offer_is_not_shown_by_another_institution(rig: Any) -> None:
    offer = rig.offer("pda1", by_reference=True)
    answer = rig.transport.request("GET", f"/issuer/fr-health/offers/{reference(offer)}/page")
    assert answer.status == 404


def test_an_offer_by_value_has_no_page(rig: Any) -> None:
    assert rig.offer("pda1").page_uri is None


def _collected(rig: Any, offer: Any) -> None:
    collect(rig, offer)


def _expired(rig: Any, _offer: Any) -> None:
    rig.clock.advance(rig.issuer.settings.offer_ttl_s)


def _cancelled(rig: Any, offer: Any) -> None:
    rig.issuer.offers.cancel(A1, offer.offer_id)


def _withdrawn(rig: Any, _offer: Any) -> None:
    rig.issuer.withdraw(A1, rig.last_record, reason=WithdrawalReason.FACTS_CHANGED)


@pytest.mark.parametrize(
    ("standing", "over"),
    [("collected", _collected), ("expired", _expired), ("ended", _cancelled), ("ended", _withdrawn)],
)
def test_what_is_over_says_so_and_what_to_do(rig: Any, standing: str, over: Callable[[Any, Any], None]) -> None:
    offer = rig.offer("pda1", by_reference=True)
    over(rig, offer)
    shown, words = page(rig, offer), texts("en", "authorize")
    assert shown.status == 410
    assert words.text(f"offer.title.{standing}") in shown.text
    assert words.text(f"offer.next.{standing}") in shown.text
    assert "<code>" in shown.text
    assert "offer_unknown" in shown.text
    assert "openid-credential-offer" not in shown.text
    assert "J. E." not in shown.text
    assert "<svg" not in shown.text


def test_wrong_codes_end_it_on_its_page_too(rig: Any) -> None:
    offer = rig.offer("pda1", tx_code=True, by_reference=True)
    grants = rig.transport.request("GET", f"/issuer/{A1}/offers/{reference(offer)}").json()["grants"]
    (grant,) = grants.values()
    for _ in range(rig.issuer.settings.tx_code_tries):
        rig.redeem(grant["pre-authorized_code"], tx_code=f"{(int(offer.tx_code) + 1) % 10**6:06d}")
    assert "This offer was ended" in page(rig, offer).text


@pytest.mark.parametrize(("profile", "scheme"), [("haip-1.0", "haip-vci"), ("eudi-2026", "haip-vci")])
def test_the_profile_chooses_the_scheme_and_the_code_says_what_every_wallet_reads(
    make_rig: Callable[..., Any], profile: str, scheme: str
) -> None:
    rig = make_rig(profile=profile)
    offer = rig.offer("pda1", by_reference=True)
    markup = page(rig, offer).text
    links = re.findall(r'href="((?:openid-credential-offer|haip-vci)://[^"]+)"', markup)
    assert [link.partition(":")[0] for link in links] == [scheme, "openid-credential-offer"]
    assert offer.offer_uri == html.unescape(links[1])
    words = texts("en", "authorize")
    assert (words.text("offer.identifies") in markup) is (profile == "haip-1.0")
