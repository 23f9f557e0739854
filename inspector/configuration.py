"""What an app is told before anything else: whose it is, whom it may believe, and what it may ask."""

import binascii
from collections.abc import Sequence
from urllib.parse import urlsplit

from portadoc.inspector.deployment import Deployment
from portadoc.schemas.claims import JsonObject
from portadoc.verification.presets.presets import PRESETS, Preset

_KINDS = {"a1": "pda1", "a1-full-form": "pda1", "ehic": "ehic", "pid": "pid"}


def configuration(deployment: Deployment, slug: str, *, languages: Sequence[str]) -> JsonObject:
    """Return the configuration of an institution's app. Raises Refused[not_found]."""
    here = deployment
    institution, own_host = here.institution(slug), urlsplit(here.settings.base_url).netloc
    return {
        "operator": institution.institution_id,
        "institution": slug,
        "name": here.name(slug),
        "country": institution.country,
        "anchors": [binascii.b2a_base64(each, newline=False).decode("ascii") for each in here.pages.anchors(slug)],
        "pack": f"/verifier/{slug}/trust/pack",
        "serverTime": here.clock.now(),
        "presets": [_shown(each) for each in offered(deployment)],
        "verificationHosts": sorted({own_host, *here.settings.verification_hosts, *here.seals.hosts()}),
        "languages": list(languages),
    }


def offered(deployment: Deployment) -> tuple[Preset, ...]:
    """Return the questions that the app may put."""
    return tuple(PRESETS[each] for each in deployment.settings.presets if each in PRESETS)


def _shown(question: Preset) -> JsonObject:
    kinds = (_KINDS.get(wanted["id"], wanted["id"]) for wanted in question.query["credentials"])
    return {"id": question.id, "titles": dict(question.title), "kinds": list(dict.fromkeys(kinds))}
