"""Ways to ask beside a certificate's hash: by host name, by attestation, by nobody; encrypted or in clear."""

import hashlib
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from portadoc import base64url
from portadoc.errors import Error, Refused, Untrusted
from portadoc.formats import jws
from portadoc.formats.openid4vp.client_identifier import x509_hash_identifier
from portadoc.formats.openid4vp.transaction_data import INSPECTION, make_transaction_data
from portadoc.formats.openid4vp.verifier_attestation import make_verifier_attestation
from portadoc.formats.sd_jwt import parse
from portadoc.keys.development_chain import make_root
from portadoc.keys.purposes import TrustDomain
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.schemas.profiles import PROFILES
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.presentation import preview_answer
from portadoc.wallet_sim.requests import read_request
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet

from .conftest import BY_NAME, NOW, REGISTRAR, TRUST_LIST, VERIFIER, pda1_query, seeded


def transaction_hash(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


ATTESTED = "verifier_attestation:inspection.example"
DETAILS = {"site": "Construction site 4", "verifier": "Prüfstelle Test", "purpose": "Posted work"}


@pytest.fixture
def holder(wallet: Any, issuer: Any) -> Wallet:
    """A wallet that holds a PDA1."""
    wallet.accept(issuer.offer("pda1"))
    assert isinstance(wallet, Wallet)
    return wallet


def changed(wallet: Wallet, **changes: Any) -> Wallet:
    """Return a wallet over the same credentials with other means."""
    terms = {name: getattr(wallet.means, name) for name in Means.__slots__} | changes
    return Wallet(wallet._store, **terms)


def refusal(wallet: Wallet, link: str) -> Error:
    with pytest.raises(Error) as caught:
        wallet.present(link)
    return caught.value


def binding_of(text: str) -> dict[str, Any]:
    return jws.unverified_claims(parse(text).key_binding_jwt or "")


# By host name


@pytest.fixture
def by_name(holder: Wallet, verifier: Any, peers: Any) -> tuple[Wallet, Any]:
    """A wallet and a verifier that speak to each other by host name."""
    verifier.client_id = verifier.claims["client_id"] = "x509_san_dns:localhost"
    verifier.claims["response_uri"] = f"{BY_NAME}/verifier/de-inspection/responses/1"
    return changed(holder, transport=AsgiTransport(peers, BY_NAME)), verifier


def named_link(verifier: Any) -> str:
    return str(verifier.link(request_uri=f"{BY_NAME}/verifier/de-inspection/requests/1"))


def test_a_verifier_known_by_its_host_name_is_answered(by_name: tuple[Wallet, Any]) -> None:
    wallet, verifier = by_name
    preview = wallet.preview(named_link(verifier))
    assert preview.request.verifier_id == "DE:TEST90"
    assert wallet.present(preview).status == "presented"
    (text,) = verifier.received[0]["vp_token"]["a1"]
    assert binding_of(text)["aud"] == "x509_san_dns:localhost"


def test_h09_an_address_on_another_host_than_the_name_gets_no_answer(by_name: tuple[Wallet, Any]) -> None:
    wallet, verifier = by_name
    verifier.claims["response_uri"] = f"{VERIFIER}/responses/1"
    assert refusal(wallet, named_link(verifier)).params["reason"] == "response_uri_not_allowed"


# By attestation


def attest(verifier: Any, world: Any, **changes: Any) -> None:
    """Let the verifier ask under an attestation of the registrar."""
    terms: dict[str, Any] = {
        "issuer": REGISTRAR,
        "subject": "inspection.example",
        "verifier_jwk": dict(world.request.public_jwk),
        "iat": NOW - 60,
        "exp": NOW + 3600,
        "signer": world.registrar,
        "uris": (f"{VERIFIER}/responses/1",),
    }
    text = make_verifier_attestation(**terms | changes)
    verifier.client_id = verifier.claims["client_id"] = ATTESTED
    verifier.signer = WithoutChain(verifier.signer)
    verifier.header = {"jwt": text}


class WithoutChain:
    """The signer of requests without its certificate; ``kid`` would name the key, and nothing looks at it."""

    chain = ()

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._signer, name)


def test_a_verifier_that_a_registrar_attests_is_answered(holder: Wallet, verifier: Any, world: Any) -> None:
    attest(verifier, world)
    preview = holder.preview(verifier.link())
    assert (preview.request.verifier_id, preview.request.verifier_country) == ("inspection.example", "")
    assert holder.present(preview).status == "presented"
    (text,) = verifier.received[0]["vp_token"]["a1"]
    assert binding_of(text)["aud"] == ATTESTED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": "other.example"}, "request_object_invalid"),
        ({"exp": NOW - 61}, "verifier_attestation_invalid"),
        ({"issuer": "https://other.example"}, "issuer_untrusted"),
        ({"uris": ("https://other.example/r",)}, "request_object_invalid"),
    ],
    ids=["another name", "expired", "another issuer", "another address"],
)
def test_w20_an_attestation_that_does_not_fit_gets_no_answer(
    changes: dict[str, Any], code: str, holder: Wallet, verifier: Any, world: Any
) -> None:
    attest(verifier, world, **changes)
    assert refusal(holder, verifier.link()).code == code
    assert verifier.received == verifier.errors == []


def test_w20_an_attestation_of_another_key_gets_no_answer(holder: Wallet, verifier: Any, world: Any) -> None:
    attest(verifier, world, verifier_jwk=dict(world.stranger.public_jwk))
    assert refusal(holder, verifier.link()).params["reason"] == "signature_invalid"


@pytest.mark.parametrize("signer", ["request", "stranger"])
def test_w20_an_attestation_that_no_registrar_signed_gets_no_answer(
    signer: str, holder: Wallet, verifier: Any, world: Any
) -> None:
    attest(verifier, world, signer=getattr(world, signer))
    assert refusal(holder, verifier.link()).code in {"chain_invalid", "issuer_untrusted"}


def test_w20_h08_an_attestation_proves_no_certificate(holder: Wallet, verifier: Any, world: Any) -> None:
    attest(verifier, world)
    verifier.client_id = verifier.claims["client_id"] = x509_hash_identifier(world.request.chain[0]).full
    assert refusal(holder, verifier.link()).params["reason"] == "x5c_missing"


def test_w20_a_verifier_that_vouches_for_itself_gets_no_answer(holder: Wallet, verifier: Any) -> None:
    root = make_root(TrustDomain.ACCESS, now=NOW, random_bytes=seeded(b"itself"))
    verifier.signer = LocalSigner(root.key, chain=(root.der,))
    verifier.client_id = verifier.claims["client_id"] = x509_hash_identifier(verifier.signer.chain[0]).full
    caught = refusal(holder, verifier.link())
    assert (caught.code, caught.params["reason"]) == ("chain_invalid", "leaf_self_signed")


def test_header_parameters_of_the_eu_are_no_reason_to_refuse(holder: Wallet, verifier: Any) -> None:
    thumbprint = verifier.client_id.removeprefix("x509_hash:")
    verifier.header = {"iat": NOW, "x5t#S256": thumbprint}
    link = verifier.link().replace("openid4vp://", "eu-eaap://")
    assert holder.present(link).status == "presented"


# By nobody


def unsigned_link(**changes: Any) -> str:
    uri = f"{VERIFIER}/responses/1"
    parameters: dict[str, Any] = {
        "client_id": f"redirect_uri:{uri}",
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "response_uri": uri,
        "nonce": "n-0S6_WzA2MjExOTQ4",
        "state": "s-1",
        "dcql_query": json.dumps(pda1_query()),
    }
    kept = {name: value for name, value in (parameters | changes).items() if value is not None}
    return f"openid4vp://?{urlencode(kept, quote_via=quote)}"


def test_an_unsigned_request_is_answered_in_clear_and_with_a_warning(holder: Wallet, verifier: Any) -> None:
    preview = holder.preview(unsigned_link())
    assert [warning.code for warning in preview.request.warnings] == ["verifier_unsigned"]
    assert preview.request.verifier_id == f"redirect_uri:{VERIFIER}/responses/1"
    holder.present(preview)
    (answer,) = verifier.received
    assert answer["state"] == "s-1"
    assert binding_of(answer["vp_token"]["a1"][0])["aud"] == f"redirect_uri:{VERIFIER}/responses/1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_uri": f"{VERIFIER}/elsewhere"}, "response_uri_not_allowed"),
        ({"redirect_uri": f"{VERIFIER}/back"}, "redirect_uri_present"),
        ({"client_id": "x509_hash:" + "A" * 43}, "signature_missing"),
        ({"client_id": None}, "client_id_form"),
    ],
)
def test_w20_h10_an_unsigned_request_of_another_form_gets_no_answer(
    changes: dict[str, Any], reason: str, holder: Wallet, verifier: Any
) -> None:
    assert refusal(holder, unsigned_link(**changes)).params["reason"] == reason
    assert verifier.received == verifier.errors == []


# In clear, and where that is not enough


def test_an_answer_in_clear_is_a_form_with_presentations_and_state(holder: Wallet, verifier: Any) -> None:
    verifier.claims["response_mode"] = "direct_post"
    verifier.claims["client_metadata"] = {}
    holder.present(verifier.link())
    (answer,) = verifier.received
    assert (answer.keys(), answer["state"]) == ({"vp_token", "state"}, verifier.claims["state"])
    verifier.claims["state"] = None
    holder.present(verifier.link())
    assert verifier.received[1].keys() == {"vp_token"}


@pytest.mark.parametrize("profile", ["haip-1.0", "eudi-2026"])
def test_w20_a_wallet_of_high_assurance_answers_encrypted_and_to_somebody_only(
    profile: str, holder: Wallet, verifier: Any
) -> None:
    strict = changed(holder, profile=PROFILES[profile])
    assert strict.preview(verifier.link()).shared
    assert refusal(strict, unsigned_link()).params["reason"] == "signature_missing"
    verifier.claims["response_mode"] = "direct_post"
    assert refusal(strict, verifier.link()).params["reason"] == "response_not_encrypted"
    assert verifier.received == []


def test_a_wallet_tells_a_verifier_what_it_can_do(holder: Wallet, verifier: Any, peers: Any) -> None:
    holder.present(verifier.link(request_uri_method="post"))
    (posted,) = [asked for asked in peers.asked if asked.method == "POST" and asked.path.endswith("/requests/1")]
    metadata = json.loads(posted.form["wallet_metadata"])
    assert "verifier_attestation" in metadata["client_id_prefixes_supported"]
    assert metadata["response_modes_supported"] == ["direct_post", "direct_post.jwt"]


# On the same device: the way back


def test_on_the_same_device_the_holder_is_led_back_with_the_code_of_the_session(
    holder: Wallet, verifier: Any
) -> None:
    outcome = holder.present(verifier.link())
    assert outcome.redirect_uri == f"{VERIFIER}/done?response_code=abc"


# What the holder acknowledges


def asking(verifier: Any, *credential_ids: str) -> str:
    """Let the verifier ask for an acknowledgement; return its text."""
    text = make_transaction_data(INSPECTION, DETAILS, credential_id=credential_ids[0])
    verifier.claims["transaction_data"] = [text]
    return text


def test_v28_c18_what_the_holder_acknowledges_is_shown_and_bound(holder: Wallet, verifier: Any) -> None:
    text = asking(verifier, "a1")
    preview = holder.preview(verifier.link())
    (item,) = preview.request.request.transaction_data
    assert item.details == DETAILS
    holder.present(preview)
    (presented,) = verifier.received[0]["vp_token"]["a1"]
    assert binding_of(presented)["transaction_data_hashes"] == [transaction_hash(text)]
    assert binding_of(presented)["transaction_data_hashes_alg"] == "sha-256"


def test_w20_an_acknowledgement_by_a_credential_that_is_not_shown_is_not_given(
    holder: Wallet, verifier: Any
) -> None:
    query = pda1_query()
    second = {"id": "card", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:ehic:1"]}}
    verifier.claims["dcql_query"] = {
        "credentials": [*query["credentials"], second],
        "credential_sets": [{"options": [["a1"]]}, {"options": [["card"]], "required": False}],
    }
    asking(verifier, "card")
    with pytest.raises(Untrusted) as caught:
        holder.present(verifier.link())
    assert (caught.value.code, caught.value.params["reason"]) == (
        "transaction_data_invalid",
        "credential_not_presented",
    )
    assert verifier.received == []
    assert [credential.presented for credential in holder.credentials()] == [0]


# Several credentials, several authorities


def test_multiple_brings_each_credential_once_and_not_each_copy(wallet: Any, issuer: Any, verifier: Any) -> None:
    wallet.accept(issuer.offer("pda1"), copies=3)
    verifier.claims["dcql_query"] = pda1_query(multiple=True)
    assert len(wallet.present(verifier.link()).shared) == 1
    original = issuer.issue_text
    issuer.issue_text = lambda *terms: original(*terms, document_number="A1-TEST-2")
    wallet.accept(issuer.offer("pda1"))
    outcome = wallet.present(verifier.link())
    assert len(outcome.shared) == len(verifier.received[1]["vp_token"]["a1"]) == 2
    used = {shared.credential.id: shared.credential.presented for shared in outcome.shared}
    assert set(used.values()) == {0}, "a fresh copy goes first"


@pytest.mark.parametrize(("uri", "answers"), [(TRUST_LIST, 1), ("https://lists.example/other", 0)])
def test_a_trusted_list_that_the_verifier_names_is_looked_for(
    uri: str, answers: int, holder: Wallet, verifier: Any, world: Any
) -> None:
    listed = TrustStore(
        anchors=tuple(
            replace(anchor, trust_list=TRUST_LIST if anchor.name == "attestation" else "")
            for anchor in world.trust.anchors
        ),
        authorisations=world.trust.authorisations,
    )
    verifier.claims["dcql_query"] = pda1_query(trusted_authorities=[{"type": "etsi_tl", "values": [uri]}])
    preview = changed(holder, trust=listed).preview(verifier.link())
    assert len(preview.shared) == answers


def test_an_issuer_that_is_trusted_no_more_is_on_no_list(holder: Wallet, verifier: Any, world: Any) -> None:
    verifier.claims["dcql_query"] = pda1_query(trusted_authorities=[{"type": "etsi_tl", "values": [TRUST_LIST]}])
    without = TrustStore(
        anchors=tuple(anchor for anchor in world.trust.anchors if anchor.name != "attestation"),
        authorisations=world.trust.authorisations,
    )
    wallet = changed(holder, trust=without)
    request = read_request(verifier.link(), wallet.means)
    preview = preview_answer(request, wallet.credentials(), means=wallet.means, optional_sets=False)
    assert (preview.shared, preview.missing) == ((), ("a1",))
    with pytest.raises(Refused, match="query_unsatisfied"):
        wallet.present(preview)
