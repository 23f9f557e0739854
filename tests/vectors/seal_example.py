"""Writes the worked example of docs/seal.md: one seal taken apart. ``make vectors`` runs it."""

import json
from pathlib import Path
from typing import Any, Final

from portadoc.formats.cose import strict_cbor
from portadoc.formats.visible_seal import parse_seal, verify_seal
from portadoc.formats.visible_seal.seal import read_message
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.schemas.seals import seal_record
from tests.vectors.seal_world import SealWorld, text_of

PAGE: Final = Path(__file__).parents[2] / "docs" / "seal.md"
BEGIN: Final = "<!-- worked example: written by make vectors -->\n"
_WIDTH: Final = 96


def section() -> str:
    """Return the part of the page that shows a replacement certificate as it is sealed."""
    world = SealWorld()
    text = text_of(world.message(world.claims(world.prc())))
    seal = parse_seal(text, allowed_algs=ALL_ALGORITHMS)
    parts = seal.unverified_message
    key = public_key_from_jwk(world.sealer.public_jwk, allowed_algs=ALL_ALGORITHMS)
    claims = verify_seal(seal, key=key)
    payload = strict_cbor.loads_map(parts.payload, what="payload")
    lines = (
        "\n## Worked example\n",
        "TEST DATA: the replacement certificate of the examples, as `tests/vectors/seal/good-prc.json` has it. "
        f"Its\n{len(text)} characters, broken here for the page (blanks count; a stroke ends each line):\n",
        _block([f"{text[at : at + _WIDTH]}|" for at in range(0, len(text), _WIDTH)]),
        f"The message has {len(read_message(text))} bytes. In diagnostic notation:\n",
        _block(
            [
                "18([",
                f"  << {{1: -7, 4: h'{seal.key_id.hex()}'}} >>,",
                "  {},",
                "  << {",
                *(f"    {label}: {_notation(value)}," for label, value in payload.items()),
                "  } >>,",
                f"  h'{parts.signature.hex()[:64]}",
                f"    {parts.signature.hex()[64:]}'",
                "])",
            ]
        ),
        "Restored, it is this part of a record:\n",
        _block(json.dumps(seal_record(claims.content), indent=2, ensure_ascii=False).splitlines(), "json"),
    )
    return BEGIN + "\n".join(lines)


def _notation(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_notation(name)}: {_notation(each)}" for name, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _block(lines: list[str], language: str = "text") -> str:
    return "\n".join((f"```{language}", *lines, "```", ""))


def main() -> None:
    """Write the part of the page."""
    told = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    PAGE.write_text(told + section(), encoding="utf-8")


if __name__ == "__main__":
    main()
