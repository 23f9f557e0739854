"""The card of a held credential: as its type draws it, and none where that cannot be relied on."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from fastapi import Request

from portadoc.formats.type_metadata import integrity
from portadoc.schemas.type_metadata import type_metadata
from portadoc.wallet_sim.nearby.cards import card_of
from portadoc.wallet_sim.nearby.pages import PATH, NearbyPages
from portadoc.wallet_sim.store import HeldCredential

VCT = "urn:eudi:pda1:1"


def held(wallet: Any, issuer: Any, **envelope: Any) -> HeldCredential:
    issuer.issue_text = lambda configuration, jwk: issuer.good_credential(configuration, jwk, **envelope)
    wallet.accept(issuer.offer("pda1"))
    credential = wallet.credentials()[0]
    assert isinstance(credential, HeldCredential)
    return credential


@pytest.mark.parametrize("pinned", [True, False])
@pytest.mark.parametrize(
    ("language", "title", "about"),
    [
        ("en", "A1 certificate", "legislation of FR from 2026-11-01 to 2027-08-31"),
        ("fr", "Certificat A1", "de FR du 2026-11-01 au 2027-08-31"),
        ("de", "A1 certificate", "legislation of FR"),
    ],
)
def test_a_card_shows_the_claims_in_the_holder_s_language(
    wallet: Any, issuer: Any, language: str, title: str, about: str, pinned: bool
) -> None:
    envelope = {"vct#integrity": integrity(type_metadata(VCT))} if pinned else {}
    card = card_of(held(wallet, issuer, **envelope), language)
    assert card is not None
    assert card.told.startswith(title)
    assert about in card.told
    drawing = base64.b64decode(card.address.removeprefix("data:image/svg+xml;base64,")).decode()
    assert "A1-FR-2026-0004271" in drawing
    assert "2 91 04 99 512 014 38" in drawing


def test_another_edition_of_the_type_is_not_drawn_with_ours(wallet: Any, issuer: Any) -> None:
    assert card_of(held(wallet, issuer, **{"vct#integrity": integrity(b"another edition")}), "en") is None


@pytest.mark.parametrize("vct", ["urn:test:unknown", "urn:eudi:pid:1"])
def test_a_type_without_a_card_has_none(wallet: Any, issuer: Any, vct: str) -> None:
    assert card_of(replace(held(wallet, issuer), vct=vct), "en") is None


def test_the_page_shows_the_card_and_says_what_stands_on_it(wallet: Any, issuer: Any) -> None:
    card = card_of(held(wallet, issuer), "en")
    assert card is not None
    asked = Request({"type": "http", "method": "GET", "path": PATH, "query_string": b"", "headers": []})
    page = bytes(NearbyPages(wallet).show_choices(asked).body).decode()
    assert f'<img class="drawn" src="{card.address}" alt="{card.told}" width="340" height="214">' in page
