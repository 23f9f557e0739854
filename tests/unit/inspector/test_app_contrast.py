"""The colours of the app, measured: text has a contrast of 7 against its ground, what carries meaning one of 3."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[3] / "inspector/app/styles"
TEXT_ON = {
    "ink": ("ground", "card", "green-tint", "amber-tint", "red-tint"),
    "soft": ("ground", "card", "green-tint", "amber-tint", "red-tint"),
    "link": ("ground", "card"),
    "first-ink": ("first",),
    "green": ("card", "green-tint"),
    "amber": ("card", "ground", "amber-tint"),
    "red": ("card", "red-tint"),
}
DRAWN_ON = {"edge": ("ground", "card"), "focus": ("ground", "card"), "first": ("ground", "card")}
"""Borders of fields and buttons, the ring of the focus. WCAG 2.2 §1.4.11."""


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of each set of tokens, by the selector that brings it."""
    source = (STYLES / "tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r"(:root[^{]*)\{([^{}]*)\}", source)
    found = {head.strip(): dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", body)) for head, body in blocks}
    return {head: {**found[":root"], **colours} for head, colours in found.items() if colours}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour. Spec: WCAG 2.2, definition of relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_every_theme_is_measured() -> None:
    assert len(themes()) == 4
    assert all(set(TEXT_ON) | set(DRAWN_ON) <= set(colours) for colours in themes().values())


@pytest.mark.parametrize("theme", themes())
def test_text_has_a_contrast_of_seven(theme: str) -> None:
    colours = themes()[theme]
    ratios = {
        f"{text} on {ground}": contrast(colours[text], colours[ground])
        for text, grounds in TEXT_ON.items()
        for ground in grounds
    }
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 7} == {}


@pytest.mark.parametrize("theme", themes())
def test_borders_and_the_focus_have_a_contrast_of_three(theme: str) -> None:
    colours = themes()[theme]
    ratios = {
        f"{line} on {ground}": contrast(colours[line], colours[ground])
        for line, grounds in DRAWN_ON.items()
        for ground in grounds
    }
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 3} == {}


def test_the_dark_theme_is_one_whether_the_device_or_the_person_chose_it() -> None:
    found = themes()
    [device] = [head for head in found if "not(" in head]
    assert found[device] == found[':root[data-theme="dark"]']


def test_colours_stand_in_the_tokens_alone() -> None:
    """What the camera shows and what is printed are black and white whatever the theme."""
    fixed = {"#ffffff", "#000000", "#fff", "#000"}
    strange = {
        (sheet.name, colour)
        for sheet in STYLES.glob("*.css")
        if sheet.name != "tokens.css"
        for colour in re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*;)", sheet.read_text(encoding="utf-8"))
        if colour not in fixed
    }
    assert strange == set()
