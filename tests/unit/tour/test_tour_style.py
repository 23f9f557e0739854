"""Colours can be read: contrast of each pair of ground and text in both schemes. Spec: WCAG 2.2 §1.4.3, §1.4.11"""

import re
from pathlib import Path

import pytest

import portadoc.tour

STYLE = (Path(portadoc.tour.__file__).parent / "static" / "portadoc.css").read_text(encoding="utf-8")

TEXT_ON_GROUND = [
    ("ink", "paper"), ("ink", "card"), ("ink", "tint"), ("ink", "ok-tint"), ("ink", "bad-tint"),
    ("ink", "warn-tint"), ("soft", "paper"), ("soft", "card"), ("soft", "ok-tint"), ("soft", "bad-tint"),
    ("soft", "warn-tint"),
    ("accent", "paper"), ("accent", "card"), ("accent-strong", "tint"), ("on-accent", "accent"),
    ("on-accent", "accent-strong"), ("on-plate", "plate"), ("holder", "card"), ("holder", "paper"),
    ("verifier", "card"), ("verifier", "paper"), ("ok", "ok-tint"), ("bad", "bad-tint"), ("warn", "warn-tint"),
    ("on-test", "test"),
]  # fmt: skip
SIGN_ON_GROUND = [
    ("edge", "card"), ("edge", "paper"), ("focus", "card"), ("focus", "paper"), ("ok", "card"), ("bad", "card"),
    ("warn", "card"), ("accent", "paper"),
]  # fmt: skip


def tokens(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    return found[0] if scheme == "light" else {**found[0], **found[1]}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("pair", TEXT_ON_GROUND, ids=" on ".join)
def test_text_can_be_read(scheme, pair):
    text, ground = (tokens(scheme)[name] for name in pair)
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("pair", SIGN_ON_GROUND, ids=" on ".join)
def test_borders_that_mean_something_can_be_seen(scheme, pair):
    sign, ground = (tokens(scheme)[name] for name in pair)
    assert contrast(sign, ground) >= 3


def test_dark_names_every_colour_again():
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    names = [set(re.findall(r"--([a-z-]+): #", block)) for block in blocks]
    assert names[0] == names[1]


def test_colours_stand_in_tokens_only():
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", rules)) <= {"#fff"}  # the ground of a code to scan, and of paper


def test_the_style_fetches_nothing():
    assert not re.search(r"url\(|@import|@font-face|https?:", STYLE)
