"""Whatever reads untrusted bytes returns a value or raises an error of our own tree, never anything else.

Each reader is given random input, and sound input that was spoilt: where a signature would end the reading early,
the spoilt content is signed anew with the right key.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Error
from portadoc.fetch import parse_target
from portadoc.formats import jwe, jws, roles, sd_jwt, strict_json
from portadoc.formats.dcql.matching import CredentialView, check_answer, match
from portadoc.formats.dcql.paths import parse_pointer, select
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.key_proof import verify_key_proof
from portadoc.formats.numeric_date import check_times
from portadoc.formats.request_object import parse_request_object, verify_request_object
from portadoc.formats.sd_jwt.json_serialization import from_json
from portadoc.formats.sd_jwt.key_binding import verify_key_binding
from portadoc.formats.status_list import decode_lst, status_reference
from portadoc.formats.status_list_token import StatusListLimits, read_status_list_token
from portadoc.formats.type_metadata import check_disclosability, check_integrity, parse_type_metadata
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.certificates import from_pem, parse_chain
from portadoc.keys.jwk import VerificationKey, holder_key, public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust import trust_from_json, trust_to_json
from portadoc.schemas import openid4vci, openid4vp
from portadoc.schemas.examples import EXAMPLES, example
from portadoc.schemas.openid4vci import ProtocolMessage, read_message
from portadoc.schemas.projections import PROJECTIONS
from portadoc.schemas.records import record_from_json, record_to_json
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.wallet_sim.presentation import bind_answer
from portadoc.web.forms import parse_form
from portadoc.web.language import preferred_language
from tests.abuse.effort import bounded
from tests.abuse.requests_near_sound import spoilt_jwe
from tests.abuse.spoiling import (
    JUNK,
    json_values,
    junk,
    spoilt_bytes,
    spoilt_form,
    spoilt_json,
    spoilt_jws,
    spoilt_sd_jwt,
    spoilt_text,
    spoilt_tree,
    texts,
)
from tests.abuse.town import INSPECTION, ISSUER, Town

ALGS: Final = frozenset(SIGNATURE_ALGORITHMS)
EXAMPLES_EACH: Final = 200
Strategy = st.SearchStrategy[Any]


@dataclass(frozen=True)
class Target:
    """A reader and what to feed it."""

    read: Callable[[Any], Any]
    feed: Strategy


class Seeds:
    """Sound things of every kind, taken from a town, with the keys that sign them."""

    def __init__(self, town: Town) -> None:
        self.town, self.now = town, town.now()
        house = town.house
        self.trust = house.trust
        self.issuer = self._signer(ISSUER, KeyPurpose.CREDENTIAL)
        self.status = self._signer(ISSUER, KeyPurpose.STATUS)
        self.requester = self._signer(INSPECTION, KeyPurpose.REQUEST)
        self.policy = VerificationPolicy(
            policy_id="abuse",
            accepted_types=frozenset({"urn:eudi:pda1:1"}),
            key_binding=KeyBindingRequired(audience="x", nonce="x", max_age_s=300),
            status_required=True,
            profile=house.wallet.means.profile,
            on_date=date(2026, 11, 22),
        )
        self.preview = house.wallet.preview(town.ask().link)
        self.presentation = bind_answer(self.preview, means=house.wallet.means)["a1"][0]
        self.held = house.wallet.credentials()[0]
        self.uri = f"{house.settings.base_url}/status/{house.issuer.credentials(ISSUER)[0].list_id}"
        self.status_token = town.transport.get(self.uri).body.decode()
        link = house.verifier.create_request
        self.link = town.ask().link
        self.request_object = house.verifier.request_object(
            INSPECTION, parse_qs(urlsplit(self.link).query)["request_uri"][0].rpartition("/")[2]
        )
        self.encryption_key = jwe.new_encryption_key(house.random_bytes)
        self.encrypted = jwe.encrypt(b"{}", self.encryption_key.public_jwk, enc="A128GCM", apu=None, apv=None)
        assert link is not None

    def _signer(self, institution: str, purpose: KeyPurpose) -> Signer:
        return self.town.house.key_ring.signer(institution, purpose)


def key_of(signer: Signer) -> VerificationKey:
    return public_key_from_jwk(signer.public_jwk, allowed_algs=ALGS)
