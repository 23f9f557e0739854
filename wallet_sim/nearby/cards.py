"""The card of a held credential, drawn as its type says, in the language of its holder."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import parse, process
from portadoc.formats.svg_rendering.drawings import told_by
from portadoc.formats.svg_rendering.rendering import render
from portadoc.formats.svg_rendering.templates import best_template, read_templates
from portadoc.formats.type_metadata import check_integrity, parse_type_metadata
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.type_metadata import type_metadata
from portadoc.wallet_sim.store import HeldCredential

_READER: Final = {"orientation": "landscape", "color_scheme": "light", "contrast": "normal"}


@dataclass(frozen=True, slots=True)
class Card:
    """A card for an ``img``: its address holds the drawing, which can neither run nor load there."""

    address: str = field(repr=False)
    told: str = field(repr=False)


def card_of(credential: HeldCredential, language: str) -> Card | None:
    """Return the card of a credential that was verified when it came; None when its type has none for us.

    A type that we do not know, an edition of it that we do not have, a drawing that cannot be used: the wallet
    shows the credential without a card.
    """
    held = parse(credential.sd_jwt)
    claims = process(unverified_claims(held.jws_text), held.disclosures).claims
    try:
        return _drawn(claims, credential.vct, language)
    except (Refused, Untrusted):
        return None


def _drawn(claims: JsonObject, vct: str, language: str) -> Card | None:
    """Raises Refused[vct_unknown], Untrusted[type_metadata_invalid], Untrusted[svg_template_invalid]."""
    document = type_metadata(vct)
    # 1. the edition that the issuer meant
    if "vct#integrity" in claims:
        check_integrity(document, str(claims["vct#integrity"]))
    described = strict_json.loads_object(document, what="type metadata")
    # 2. the drawing for this reader, if it came with the type: nothing is fetched
    template = best_template(read_templates(described), locale=language, **_READER)
    drawing = template.embedded if template is not None else None
    if template is None or drawing is None:
        return None
    # 3. the claims in it
    card = render(drawing, template, parse_type_metadata(described, vct=vct), claims)
    return Card(f"data:image/svg+xml;base64,{b64encode(card).decode()}", told_by(card))
