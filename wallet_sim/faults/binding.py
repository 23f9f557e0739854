"""Faults of what the holder adds: disclosures, and the key binding that vouches for them."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from portadoc import base64url
from portadoc.formats import strict_json
from portadoc.wallet_sim.faults.fault import (
    Fault,
    FaultCategory,
    GoodPresentation,
    bound,
    header_of,
    rebound,
    with_header,
)

YEAR_S: Final = 365 * 86_400
ANOTHER_VERIFIER: Final = "x509_hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
ANOTHER_NONCE: Final = "nonce-of-another-session"

_Disclosures = tuple[str, ...]


def _of_disclosures(name: str, code: str, change: Callable[[_Disclosures], _Disclosures]) -> Fault:
    """A correct key binding over wrong disclosures: the holder itself is the attacker."""
    return Fault(name, FaultCategory.DISCLOSURES, code, lambda good: rebound(good, change(good.parts.disclosures)))


def _of_first(name: str, code: str, change: Callable[[list[Any]], Any]) -> Fault:
    """Rewrite the content of the first disclosure."""

    def apply(disclosures: _Disclosures) -> _Disclosures:
        content = strict_json.loads(base64url.decode(disclosures[0]), what="disclosure")
        return (_written(change(content)), *disclosures[1:])

    return _of_disclosures(name, code, apply)


def _of_binding(
    category: FaultCategory, name: str, reason: str, change: Callable[[GoodPresentation], Mapping[str, Any]]
) -> Fault:
    """A key binding with wrong claims, correctly signed."""
    return Fault(
        name,
        category,
        f"kb_invalid.{reason}",
        lambda good: bound(good, good.parts.presented_text, change(good)),
    )


def _written(content: Any) -> str:
    return base64url.encode(strict_json.dumps(content))


def _with_spaces(disclosures: _Disclosures) -> _Disclosures:
    """Write the same JSON in another way: the digest is over the text, not over the value."""
    raw = base64url.decode(disclosures[0])
    return (base64url.encode(raw.replace(b",", b" ,", 1)), *disclosures[1:])


def _unsigned_binding(good: GoodPresentation) -> str:
    token = good.key_binding
    bare = with_header(token, {**header_of(token), "alg": "none"}).rpartition(".")[0]
    return f"{good.parts.presented_text}{bare}."


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


_BINDING, _SESSION, _TIME = FaultCategory.KEY_BINDING, FaultCategory.SESSION, FaultCategory.TIME

HOLDER_FAULTS: Final = (
    _of_disclosures("disclosure-twice", "disclosure_duplicate", lambda shown: (*shown, shown[-1])),
    _of_disclosures(
        "disclosure-made-up",
        "disclosure_unreferenced",
        lambda shown: (*shown, _written(["c2FsdC1vZi10aGUtaG9sZGVy", "invented", True])),
    ),
    _of_first("disclosure-altered", "disclosure_unreferenced", lambda content: [*content[:-1], "altered"]),
    _of_disclosures("disclosure-rewritten-with-space", "disclosure_unreferenced", _with_spaces),
    _of_first("disclosure-of-four-elements", "disclosure_malformed.shape", lambda content: [*content, "more"]),
    _of_first("disclosure-with-number-as-salt", "disclosure_malformed.shape", lambda content: [1, *content[1:]]),
    _of_first("disclosure-is-an-object", "disclosure_malformed.shape", lambda content: {"value": content[-1]}),
    _of_disclosures(
        "disclosure-outside-alphabet",
        "disclosure_malformed.base64url",
        lambda shown: (shown[0] + "!", *shown[1:]),
    ),
    Fault("key-binding-stripped", _BINDING, "kb_missing", lambda good: good.parts.presented_text),
    Fault("key-binding-unsigned", _BINDING, "kb_invalid.alg", _unsigned_binding),
    Fault(
        "key-binding-by-another-key",
        _BINDING,
        "kb_invalid.signature",
        lambda good: bound(good, good.parts.presented_text, signer=good.stranger),
    ),
    Fault(
        "key-binding-of-any-type",
        _BINDING,
        "kb_invalid.typ",
        lambda good: bound(good, good.parts.presented_text, typ="JWT"),
    ),
    _of_binding(_BINDING, "audience-of-another-verifier", "aud", lambda good: {"aud": ANOTHER_VERIFIER}),
    _of_binding(
        _BINDING,
        "audience-without-prefix",
        "aud",
        lambda good: {"aud": good.audience.partition(":")[2] or ANOTHER_VERIFIER},
    ),
    _of_binding(_BINDING, "audience-list", "aud", lambda good: {"aud": [good.audience, ANOTHER_VERIFIER]}),
    _of_binding(
        _BINDING,
        "digest-without-last-tilde",
        "sd_hash",
        lambda good: {"sd_hash": base64url.encode(_digest(good.parts.presented_text[:-1]))},
    ),
    _of_binding(
        _BINDING,
        "digest-in-hexadecimal",
        "sd_hash",
        lambda good: {"sd_hash": _digest(good.parts.presented_text).hex()},
    ),
    Fault(
        "disclosure-dropped-after-binding",
        _BINDING,
        "kb_invalid.sd_hash",
        lambda good: "~".join((good.parts.jws_text, *good.parts.disclosures[1:], good.key_binding)),
    ),
    Fault(
        "disclosure-added-after-binding",
        _BINDING,
        "kb_invalid.sd_hash",
        lambda good: f"{good.parts.presented_text}{good.withheld[0]}~{good.key_binding}",
    ),
    _of_binding(_SESSION, "nonce-of-another-session", "nonce", lambda good: {"nonce": ANOTHER_NONCE}),
    _of_binding(_SESSION, "nonce-left-out", "nonce", lambda good: {"nonce": None}),
    _of_binding(_TIME, "key-binding-a-year-old", "iat", lambda good: {"iat": good.now - YEAR_S}),
    _of_binding(_TIME, "key-binding-from-next-year", "iat", lambda good: {"iat": good.now + YEAR_S}),
    _of_binding(_TIME, "key-binding-without-time", "iat", lambda good: {"iat": None}),
    _of_binding(_TIME, "key-binding-time-as-text", "iat", lambda good: {"iat": str(good.now)}),
    _of_binding(_TIME, "key-binding-expired", "exp", lambda good: {"exp": good.now - YEAR_S}),
)
