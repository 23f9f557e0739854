"""The outer form of an SD-JWT: tildes, dots and sizes."""

import pytest

from portadoc.errors import Malformed
from portadoc.formats import sd_jwt

JWT = "e30.e30.c2ln"
KB = "e30.e30.a2I"

ACCEPTED = {
    "no_disclosure": (f"{JWT}~", (JWT, (), None)),
    "disclosures": (f"{JWT}~YQ~Yg~", (JWT, ("YQ", "Yg"), None)),
    "key_binding": (f"{JWT}~YQ~{KB}", (JWT, ("YQ",), KB)),
    "key_binding_alone": (f"{JWT}~{KB}", (JWT, (), KB)),
}


@pytest.mark.parametrize(("text", "parts"), ACCEPTED.values(), ids=ACCEPTED)
def test_the_parts_are_returned_and_give_the_text_again(
    text: str, parts: tuple[str, tuple[str, ...], str | None]
) -> None:
    parsed = sd_jwt.parse(text)
    assert (parsed.jws_text, parsed.disclosures, parsed.key_binding_jwt) == parts
    assert parsed.text == text
    assert parsed.presented_text == text.removesuffix(KB)


REFUSED = {
    "A24_bare_jwt": JWT,
    "A24_empty": "",
    "A25_leading": f"~{JWT}~",
    "A25_double": f"{JWT}~~YQ~",
    "A25_trailing": f"{JWT}~YQ~~",
    "A25_only_tildes": "~~",
    "A25_one_tilde": "~",
    "C16_two_key_bindings": f"{JWT}~{KB}~{KB}",
    "key_binding_among_disclosures": f"{JWT}~{KB}~YQ~",
    "last_tilde_missing": f"{JWT}~YQ",
    "two_dots_too_few": "e30~YQ~",
    "not_ascii": f"{JWT}~é~",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        sd_jwt.parse(text)
    assert (refusal.value.code, refusal.value.params["part"]) == ("malformed_token", "sd_jwt")


TOO_MUCH = {
    "size": f"{JWT}~" + "A" * 256 * 1024 + "~",
    "count": f"{JWT}~" + "YQ~" * 513,
    "disclosure": f"{JWT}~" + "A" * (64 * 1024 + 1) + "~",
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_limits_are_kept(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        sd_jwt.parse(text)
    assert refusal.value.code == "limit_exceeded"


def test_limits_are_exact() -> None:
    assert len(sd_jwt.parse(f"{JWT}~" + "YQ~" * 512).disclosures) == 512
    assert len(sd_jwt.parse(f"{JWT}~" + "A" * 64 * 1024 + "~").disclosures[0]) == 64 * 1024
