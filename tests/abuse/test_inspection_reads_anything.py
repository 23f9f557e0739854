"""``portadoc inspect`` reads leniently, so it meets more than strict readers do: it may refuse, never break."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.cli.inspection.recognise import inspect_input
from portadoc.cli.inspection.show import inspection_as_json, inspection_lines
from portadoc.errors import Error
from portadoc.keys.trust.trust_file import trust_to_json
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.presets.presets import preset
from tests.abuse.effort import bounded
from tests.abuse.requests_near_sound import spoilt_jwe
from tests.abuse.seeds import Seeds
from tests.abuse.spoiling import JUNK, spoilt_bytes, spoilt_json, spoilt_jws, spoilt_sd_jwt, spoilt_text
from tests.abuse.town import ISSUER


def near_everything(seeds: Seeds) -> dict[str, st.SearchStrategy[str | bytes]]:
    """Return spoilt inputs of every kind that can be recognised."""
    town = seeds.town
    metadata = town.transport.get(f"/.well-known/openid-credential-issuer/issuer/{ISSUER}").json()
    keys = town.transport.get(f"/.well-known/jwt-vc-issuer/issuer/{ISSUER}").json()
    header = dict(
        zip(("protected", "payload", "signature"), seeds.held.sd_jwt.partition("~")[0].split("."), strict=True)
    )
    offer = json.loads(parse_qs(urlsplit(town.offer().offer_uri).query)["credential_offer"][0])
    pem = "".join(anchor["certificate"] for anchor in trust_to_json(seeds.trust)["anchors"])
    return {
        "bytes": st.one_of(st.binary(max_size=100), spoilt_bytes(seeds.issuer.chain[0])),
        "credential": spoilt_sd_jwt(seeds.held.sd_jwt, seeds.issuer),
        "presentation": spoilt_sd_jwt(seeds.presentation, seeds.issuer),
        "status list": spoilt_jws(seeds.status_token, seeds.status),
        "request object": spoilt_jws(seeds.request_object, seeds.requester),
        "encrypted": spoilt_jwe(seeds.encrypted),
        "request link": spoilt_text(seeds.link),
        "offer link": spoilt_json(offer).map(
            lambda raw: "openid-credential-offer://?" + urlencode({"credential_offer": raw})
        ),
        "offer": spoilt_json(offer),
        "issuer metadata": spoilt_json(metadata),
        "keys": st.one_of(spoilt_json(keys), spoilt_json(keys["jwks"]), spoilt_json(keys["jwks"]["keys"][0])),
        "type metadata": spoilt_json(json.loads(type_metadata("urn:eudi:pda1:1"))),
        "query": spoilt_json(preset("inspector-quick").query),
        "json form": spoilt_json({**header, "header": {"disclosures": seeds.held.sd_jwt.split("~")[1:-1]}}),
        "trust": spoilt_json(trust_to_json(seeds.trust)),
        "pem": spoilt_text(pem),
        "junk": spoilt_json(list(JUNK)),
    }


def test_whatever_is_inspected_is_shown_or_refused(seeds: Seeds, subtests: pytest.Subtests) -> None:
    for name, feed in near_everything(seeds).items():
        with subtests.test(name):
            inspect(feed, now=seeds.now)


def inspect(feed: st.SearchStrategy[str | bytes], *, now: int) -> None:
    @bounded(60)
    @given(fed=feed)
    def show_or_refuse(fed: str | bytes) -> None:
        raw = fed.encode("utf-8", "surrogatepass") if isinstance(fed, str) else fed
        try:
            found = inspect_input(raw, now=now)
        except Error:
            return
        for language in ("en", "fr"):
            assert json.dumps(inspection_as_json(found, language))
            assert all(isinstance(line, str) for line in inspection_lines(found, language))

    show_or_refuse()
