"""SD-JWT VC Type Metadata, built from the claim layouts; the documents that are served lie in ``vct``.

``python -m portadoc.schemas.type_metadata`` writes them anew. Spec: SD-JWT VC draft 19, Type Metadata
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from portadoc.errors import Refused
from portadoc.schemas.cards.designs import DESIGNS, template
from portadoc.schemas.catalogue import CREDENTIAL_TYPES, CredentialDisplay
from portadoc.schemas.claims import EACH_MEMBER, ClaimPattern, JsonObject
from portadoc.schemas.codes import PDA1_STATES
from portadoc.schemas.projections import Claim, Projection

_ENVELOPE: Final = (
    Claim(path=("vct",), en="Credential type", fr="Type de l'attestation"),
    Claim(path=("iss",), en="Issuer", fr="Émetteur"),
    Claim(path=("sub",), en="Subject", fr="Sujet"),
    Claim(path=("jti",), en="Identifier of this copy", fr="Identifiant de cet exemplaire"),
    Claim(path=("iat",), en="Issued at", fr="Émise le"),
    Claim(path=("nbf",), en="Not valid before", fr="Non valable avant"),
    Claim(path=("exp",), en="Expires at", fr="Expire le"),
    Claim(path=("cnf",), en="Key of the holder", fr="Clé du détenteur"),
    Claim(path=("status",), en="Status reference", fr="Référence de statut"),
)

_MIXED: Final[Mapping[str, str]] = {
    "en": "An object where there is one, a list where there are several; its parts are always visible.",
    "fr": "Un objet s'il n'y en a qu'un, une liste s'il y en a plusieurs ; ses éléments sont toujours visibles.",
}
"""For a claim that is an object in one layout and an array in another."""

_TITLES: Final[Mapping[str, tuple[CredentialDisplay, ...]]] = {
    configuration.vct: configuration.display for configuration in reversed(list(CREDENTIAL_TYPES.values()))
}
_FILES: Final[Mapping[str, str]] = {
    "urn:eudi:pda1:1": "pda1.json",
    "eu.we-build.pda1.1": "pda1-webuild.json",
    "urn:eudi:ehic:1": "ehic.json",
    "urn:eudi:pid:1": "pid.json",
    "urn:portadoc:prc:1": "prc.json",
    "urn:portadoc:coverage:bilateral:1": "coverage-bilateral.json",
    "urn:portadoc:coverage:maintenance:1": "coverage-maintenance.json",
}


def type_metadata(vct: str) -> bytes:
    """Return the Type Metadata document of a credential type, byte for byte as it is served.

    Raises Refused[vct_unknown].
    """
    if vct not in _FILES:
        raise Refused("vct_unknown")
    return _document(vct)


@cache
def _document(vct: str) -> bytes:
    return (resources.files("portadoc.schemas.vct") / _FILES[vct]).read_bytes()


def build_type_metadata(vct: str) -> bytes:
    """Build the document of a credential type from all layouts that share it."""
    sharing = [c for c in CREDENTIAL_TYPES.values() if c.vct == vct]
    title = _TITLES[vct]
    document = {
        "vct": vct,
        "name": title[0].name,
        "description": title[0].description,
        "display": [_title(entry, vct) for entry in title],
        "claims": _claims([configuration.projection for configuration in sharing], vct),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def card_template(vct: str, language: str) -> bytes:
    """Return the SVG template of the card of a type, byte for byte as the type's document carries it.

    Raises Refused[vct_unknown] where there is none for the type and the language.
    """
    if vct not in DESIGNS or language not in {display.locale for display in _TITLES[vct]}:
        raise Refused("vct_unknown")
    return template(vct, language)


def _title(display: CredentialDisplay, vct: str) -> JsonObject:
    """Return the display in one language; the card travels with it, so that nobody learns who looks at it."""
    named = {"locale": display.locale, "name": display.name, "description": display.description}
    if vct not in DESIGNS:
        return named
    drawing = template(vct, display.locale)
    card = {
        "uri": f"data:image/svg+xml;base64,{b64encode(drawing).decode()}",
        "uri#integrity": f"sha256-{b64encode(hashlib.sha256(drawing).digest()).decode()}",
        "properties": {"orientation": "landscape", "color_scheme": "light", "contrast": "normal"},
    }
    return {**named, "rendering": {"svg_templates": [card]}}


def _claims(projections: Sequence[Projection], vct: str) -> list[JsonObject]:
    """Describe every claim of the layouts; mandatory is only what every one of them demands.

    Where one layout has an object and another an array, only the claim itself is described: a path into it would
    be an error in credentials of the other layout, and such an error is a reason to refuse them.
    """
    layouts = [_layout(projection) for projection in projections]
    described = {path: claim for layout in reversed(layouts) for path, claim in layout.items()}
    in_order = dict.fromkeys(path for layout in layouts for path in layout)
    mixed = _objects_and_arrays(in_order)
    placeholders = DESIGNS[vct].placeholders if vct in DESIGNS else {}
    return [
        {
            **_described(described[path], all(_demands(layout, path) for layout in layouts), path in mixed),
            **({"svg_id": placeholders[path]} if path in placeholders else {}),
        }
        for path in in_order
        if not any(path[:length] in mixed for length in range(1, len(path)))
    ]


def _objects_and_arrays(paths: Collection[ClaimPattern]) -> set[ClaimPattern]:
    """Return the places that are an object in one layout and an array in another."""
    arrays = {path[:index] for path in paths for index, step in enumerate(path) if step is None}
    objects = {path[:index] for path in paths for index, step in enumerate(path) if step is not None}
    return arrays & objects


def _layout(projection: Projection) -> dict[ClaimPattern, Claim]:
    envelope = [replace(claim, mandatory=claim.path[0] in projection.demanded) for claim in _ENVELOPE]
    return {claim.path: claim for claim in (*envelope, *_concrete(projection.claims))}


def _demands(layout: Mapping[ClaimPattern, Claim], path: ClaimPattern) -> bool:
    """Tell whether every credential of a layout has a claim: it is mandatory, and so is all that is around it."""
    ways = [layout.get(path[:length]) for length in range(1, len(path) + 1)]
    return all(step is not None and step.mandatory for step in ways)


def _concrete(claims: Iterable[Claim]) -> Iterable[Claim]:
    """Yield the claims with the states of work spelled out: a metadata path has no wildcard for member names."""
    for claim in claims:
        if EACH_MEMBER not in claim.path:
            yield claim
    for state in sorted(PDA1_STATES):
        for claim in claims:
            if EACH_MEMBER in claim.path:
                yield _in_state(claim, state)


def _in_state(claim: Claim, state: str) -> Claim:
    path = tuple(state if step == EACH_MEMBER else step for step in claim.path)
    return Claim(path=path, en=f"{claim.en} ({state})", fr=f"{claim.fr} ({state})", sd=claim.sd)


def _described(claim: Claim, mandatory: bool, mixed: bool) -> JsonObject:
    labels: list[JsonObject] = [{"locale": "en", "label": claim.en}, {"locale": "fr", "label": claim.fr}]
    if mixed:
        labels = [{**label, "description": _MIXED[label["locale"]]} for label in labels]
    return {
        "path": list(claim.path),
        "display": labels,
        **({"mandatory": True} if mandatory else {}),
        "sd": claim.sd,
    }


def write_documents(directory: Path) -> None:
    """Write every document into ``directory``."""
    for vct, name in _FILES.items():
        (directory / name).write_bytes(build_type_metadata(vct))


if __name__ == "__main__":
    write_documents(Path(__file__).parent / "vct")
