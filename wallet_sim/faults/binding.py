"""Faults of what the holder adds: disclosures, and the key binding that vouches for them."""

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
    return Fault(
        name, FaultCategory.DISCLOSURES, code, lambda good: rebound(good, change(good.parts.disclosures))
    )


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


def _digest_without_last_tilde(good: GoodPresentation) -> Mapping[str, Any]:
    import hashlib

    shown = good.parts.presented_text.removesuffix("~")
    return {"sd_hash": base64url.encode(hashlib.sha256(shown.encode()).digest())}
