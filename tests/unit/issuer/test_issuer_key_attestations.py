"""What a wallet provider says of keys: in the header of a proof, or as the proof. E23, S-12; OIDF:
fail-invalid-key-attestation-signature."""

from typing import Any

import pytest

from portadoc.errors import Error, Unavailable, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.openid4vci.key_attestation import EARLIER_TYP
from portadoc.formats.status_list.claims import VerifiedStatusList
from portadoc.formats.status_list.maintained import MaintainedStatus
from portadoc.formats.status_list.statuses import StatusList, StatusReference, StatusValue
from portadoc.issuer import build_issuer
from portadoc.issuer.deployment import NOBODY
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import system_random_bytes
from portadoc.schemas.openid4vci import CredentialRequest, CredentialResponse, Proofs
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from tests.unit.formats import wallet_provider_workshop as providers
from tests.unit.issuer.issuance_workshop import LEVELS, PROVIDER, attestation, attested_proof, grant_of

STRANGER = providers.signer(KeyPurpose.KEY_ATTESTATION, root=providers.STRANGE_ROOT)
OTHER_PURPOSE = providers.signer(KeyPurpose.CLIENT_ATTESTATION)
REFUSED = (400, "invalid_proof", "key_attestation_invalid")


@pytest.fixture
def asking(make_rig: Any) -> Any:
    """An issuer that takes no key without a wallet provider's word, under the open profile."""
    return make_rig(wallet_trust=providers.TRUST, key_attestations_required=True)


@pytest.fixture
def european(make_rig: Any) -> Any:
    return make_rig(wallet_trust=providers.TRUST, profile="eudi-2026")


@pytest.fixture
def tolerant(make_rig: Any) -> Any:
    """An issuer that knows wallet providers and asks for nothing."""
    return make_rig(wallet_trust=providers.TRUST)


def obtain(rig: Any, proofs: Proofs) -> CredentialResponse:
    """Ask in this process, with a grant whatever the profile asks of tokens."""
    grant = grant_of(rig, rig.record(), token=rig.nonce())
    request = CredentialRequest(credential_configuration_id="pda1", proofs=proofs)
    answer: CredentialResponse = rig.issuer.issuance.issue(grant, request)
    return answer


def reason_of(rig: Any, proofs: Proofs) -> str:
    with pytest.raises(Error) as refusal:
        obtain(rig, proofs)
    return f"{refusal.value.code}.{refusal.value.params.get('reason', '')}"


def bound_to(rig: Any, response: CredentialResponse) -> list[str]:
    return [rig.claims_of(each.credential)["cnf"]["jwk"]["x"] for each in response.credentials or ()]


def xs(keys: Any) -> list[str]:
    return [key.public_jwk["x"] for key in keys]


class TestInTheHeader:
    def test_every_attested_key_gets_a_copy(self, asking: Any) -> None:
        keys, nonce = [asking.new_key() for _ in range(3)], asking.nonce()
        proof = attested_proof(asking, keys[1], attestation(asking, keys, nonce=nonce), nonce=nonce)
        assert bound_to(asking, obtain(asking, Proofs(jwt=(proof,)))) == xs(keys)

    def test_the_same_attestation_under_several_proofs_counts_once(self, asking: Any) -> None:
        keys, nonce = [asking.new_key() for _ in range(3)], asking.nonce()
        word = attestation(asking, keys, nonce=nonce)
        proofs = tuple(attested_proof(asking, key, word, nonce=nonce) for key in keys)
        assert bound_to(asking, obtain(asking, Proofs(jwt=proofs))) == xs(keys)

    def test_ts3_the_first_attested_key_signs_and_its_challenge_counts_for_both(self, european: Any) -> None:
        keys, nonce = [european.new_key() for _ in range(3)], european.nonce()
        proof = attested_proof(european, keys[0], attestation(european, keys), nonce=nonce)
        assert bound_to(european, obtain(european, Proofs(jwt=(proof,)))) == xs(keys)

    def test_s12_e23_another_than_the_first_key_signs(self, european: Any) -> None:
        keys, nonce = [european.new_key() for _ in range(3)], european.nonce()
        proof = attested_proof(european, keys[1], attestation(european, keys), nonce=nonce)
        assert reason_of(european, Proofs(jwt=(proof,))) == "key_attestation_invalid.proof_key"

    @pytest.mark.parametrize("profile", ["asking", "european"])
    def test_e23_a_key_that_is_not_attested_signs(self, profile: str, request: Any) -> None:
        rig = request.getfixturevalue(profile)
        nonce = rig.nonce()
        proof = attested_proof(rig, rig.new_key(), attestation(rig, [rig.new_key()], nonce=nonce), nonce=nonce)
        assert reason_of(rig, Proofs(jwt=(proof,))) == "key_attestation_invalid.proof_key"

    @pytest.mark.parametrize("profile", ["asking", "european"])
    def test_s12_none_at_all(self, profile: str, request: Any) -> None:
        rig = request.getfixturevalue(profile)
        proof = attested_proof(rig, rig.new_key(), None, nonce=rig.nonce())
        assert reason_of(rig, Proofs(jwt=(proof,))) == "key_attestation_invalid.missing"

    def test_s12_e23_another_challenge(self, asking: Any) -> None:
        key = asking.new_key()
        proof = attested_proof(asking, key, attestation(asking, [key], nonce=asking.nonce()), nonce=asking.nonce())
        assert reason_of(asking, Proofs(jwt=(proof,))) == "key_attestation_invalid.nonce"

    def test_s12_no_challenge_of_its_own_where_it_has_to_have_one(self, asking: Any) -> None:
        key = asking.new_key()
        proof = attested_proof(asking, key, attestation(asking, [key]), nonce=asking.nonce())
        assert reason_of(asking, Proofs(jwt=(proof,))) == "key_attestation_invalid.nonce_missing"

    def test_s12_no_end(self, asking: Any) -> None:
        key, nonce = asking.new_key(), asking.nonce()
        proof = attested_proof(asking, key, attestation(asking, [key], nonce=nonce, ttl_s=None), nonce=nonce)
        assert reason_of(asking, Proofs(jwt=(proof,))) == "key_attestation_invalid.exp_missing"

    def test_s10_more_attested_keys_than_a_batch_has(self, asking: Any) -> None:
        keys, nonce = [asking.new_key() for _ in range(11)], asking.nonce()
        proof = attested_proof(asking, keys[0], attestation(asking, keys, nonce=nonce), nonce=nonce)
        assert reason_of(asking, Proofs(jwt=(proof,))).startswith("proof_count")

    def test_a_wallet_without_one_is_served_where_none_is_asked_for(self, tolerant: Any) -> None:
        assert tolerant.obtain(tolerant.token()).status == 200

    def test_s12_a_false_one_is_refused_even_where_none_is_asked_for(self, tolerant: Any) -> None:
        key, nonce = tolerant.new_key(), tolerant.nonce()
        word = attestation(tolerant, [key], nonce=nonce, signer=STRANGER)
        refused = tolerant.obtain(tolerant.token(), [attested_proof(tolerant, key, word, nonce=nonce)])
        assert tolerant.error_of(refused) == REFUSED

    def test_nobody_reads_it_where_no_wallet_provider_is_known(self, make_rig: Any) -> None:
        rig = make_rig(wallet_trust=NOBODY)
        key, nonce = rig.new_key(), rig.nonce()
        word = attestation(rig, [key, rig.new_key()], nonce=nonce, signer=STRANGER)
        response = rig.obtain(rig.token(), [attested_proof(rig, key, word, nonce=nonce)])
        assert len(response.json()["credentials"]) == 1


class TestAsTheProof:
    @pytest.mark.parametrize("profile", ["asking", "european", "tolerant"])
    def test_every_attested_key_gets_a_copy(self, profile: str, request: Any) -> None:
        rig = request.getfixturevalue(profile)
        keys = [rig.new_key() for _ in range(3)]
        word = attestation(rig, keys, nonce=rig.nonce())
        assert bound_to(rig, obtain(rig, Proofs(attestation=(word,)))) == xs(keys)

    def test_e12_its_challenge_serves_once(self, asking: Any) -> None:
        word = attestation(asking, [asking.new_key()], nonce=asking.nonce())
        obtain(asking, Proofs(attestation=(word,)))
        assert reason_of(asking, Proofs(attestation=(word,))).startswith("nonce_used")

    @pytest.mark.parametrize("nonce", ["made-up", "A" * 74])
    def test_s12_a_challenge_that_nobody_made(self, asking: Any, nonce: str) -> None:
        word = attestation(asking, [asking.new_key()], nonce=nonce)
        assert reason_of(asking, Proofs(attestation=(word,))).startswith("nonce_unknown")

    def test_s12_no_challenge(self, european: Any) -> None:
        word = attestation(european, [european.new_key()])
        assert reason_of(european, Proofs(attestation=(word,))) == "key_attestation_invalid.nonce_missing"

    def test_s12_it_has_run_out(self, asking: Any) -> None:
        word = attestation(asking, [asking.new_key()], nonce=asking.nonce(), ttl_s=10)
        asking.clock.advance(100)
        assert reason_of(asking, Proofs(attestation=(word,))).startswith("key_attestation_invalid")

    @pytest.mark.parametrize(
        "signer",
        [STRANGER, OTHER_PURPOSE, providers.self_signed(), providers.key(77)],
        ids=["untrusted", "of-another-purpose", "self-signed", "without-certificate"],
    )
    def test_s12_e23_by_somebody_who_is_not_believed(self, asking: Any, signer: Any) -> None:
        word = attestation(asking, [asking.new_key()], nonce=asking.nonce(), signer=signer)
        assert reason_of(asking, Proofs(attestation=(word,))).startswith("key_attestation_invalid")

    def test_s12_a_bad_signature_on_the_wire(self, asking: Any) -> None:
        word = attestation(asking, [asking.new_key()], nonce=asking.nonce())
        head, body, _ = word.split(".")
        other = attestation(asking, [asking.new_key()], nonce=asking.nonce()).split(".")[2]
        content = {
            "credential_configuration_id": "pda1",
            "proofs": {"attestation": [f"{head}.{body}.{other}"]},
        }
        assert asking.error_of(asking.request(asking.token(), content)) == REFUSED

    def test_s12_no_key(self, asking: Any) -> None:
        word = attestation(asking, [], nonce=asking.nonce())
        assert reason_of(asking, Proofs(attestation=(word,))) == "key_attestation_invalid.attested_keys"

    def test_s11_one_key_twice(self, asking: Any) -> None:
        word = attestation(asking, [asking.new_key()] * 2, nonce=asking.nonce())
        assert reason_of(asking, Proofs(attestation=(word,))) == "key_attestation_invalid.attested_keys_repeated"

    def test_e07_two_of_them(self, asking: Any) -> None:
        content = {"credential_configuration_id": "pda1", "proofs": {"attestation": ["x", "y"]}}
        refused = asking.request(asking.token(), content)
        assert asking.error_of(refused) == (400, "invalid_credential_request", "message_invalid")


class TestLevels:
    @pytest.mark.parametrize(
        ("stated", "taken"),
        [
            ("iso_18045_high", True),
            ("iso_18045_moderate", True),
            ("iso_18045_enhanced-basic", False),
            ("iso_18045_basic", False),
            ("unheard-of", False),
        ],
    )
    @pytest.mark.parametrize("asked", ["key_storage_levels", "user_authentication_levels"])
    def test_s12_a_level_below_the_one_that_is_asked_for(
        self, make_rig: Any, asked: str, stated: str, taken: bool
    ) -> None:
        rig = make_rig(wallet_trust=providers.TRUST, **{asked: ("iso_18045_moderate",)})
        proofs = Proofs(attestation=(attestation(rig, [rig.new_key()], nonce=rig.nonce(), levels=(stated,)),))
        if taken:
            assert obtain(rig, proofs).credentials
        else:
            assert reason_of(rig, proofs).endswith("_level")


class TestMetadata:
    WELL_KNOWN = "/.well-known/openid-credential-issuer/issuer/fr-demo"

    def types(self, rig: Any) -> dict[str, Any]:
        content = rig.transport.get(self.WELL_KNOWN).json()
        types: dict[str, Any] = content["credential_configurations_supported"]["pda1"]["proof_types_supported"]
        return types

    def test_both_types_are_named_with_what_is_asked(self, make_rig: Any) -> None:
        rig = make_rig(wallet_trust=providers.TRUST, profile="eudi-2026", key_storage_levels=LEVELS)
        types = self.types(rig)
        assert set(types) == {"jwt", "attestation"}
        assert types["jwt"]["key_attestations_required"] == {"key_storage": list(LEVELS)}
        assert types["attestation"]["key_attestations_required"] == {"key_storage": list(LEVELS)}

    def test_without_levels_the_word_alone_is_asked_for(self, asking: Any) -> None:
        assert self.types(asking)["jwt"]["key_attestations_required"] == {}

    def test_nothing_is_asked_for_where_nothing_is_needed(self, tolerant: Any, make_rig: Any) -> None:
        """Spec: OpenID4VCI 1.0 §12.2.4: the member must not be there."""
        rig = make_rig(wallet_trust=NOBODY)
        assert [list(each) for each in self.types(tolerant).values()] == [
            ["proof_signing_alg_values_supported"]
        ] * 2
        assert set(self.types(rig)) == {"jwt"}


class Lists:
    """The status lists that can be had, and how often somebody asked."""

    def __init__(self, *held: HeldStatusList) -> None:
        self.asked = 0
        self._lists = HeldStatusLists({each.token.uri: each for each in held})

    def answers(self, uri: str) -> HeldStatusLists:
        self.asked += 1
        return self._lists


LIST = "https://wallet.example/status/1"


def provider_list(rig: Any, *withdrawn: int, of: str = providers.PROVIDER.id) -> HeldStatusList:
    """Return a wallet provider's list in which some entries are withdrawn."""
    now = rig.clock.now()
    statuses = StatusList.of(64, bits=1).with_status(withdrawn, StatusValue.INVALID)
    token = VerifiedStatusList(uri=LIST, statuses=statuses, iat=now, exp=now + 3600, ttl=300)
    return HeldStatusList(token, frozenset({of}), resolved_at=now)


def with_lists(rig: Any, lists: Lists) -> Any:
    """Return the rig with an issuer that looks the statuses of wallets up."""
    trust = {"wallet_trust": providers.TRUST, "wallet_statuses": lists}
    rig.issuer = build_issuer(
        rig.issuer.settings, rig.database, rig.key_ring, rig.clock, system_random_bytes, **trust
    )
    return rig


def attested(rig: Any, **said: Any) -> Proofs:
    return Proofs(attestation=(attestation(rig, [rig.new_key()], nonce=rig.nonce(), **said),))


def kept(rig: Any, idx: int, *, for_s: int = 3600) -> MaintainedStatus:
    return MaintainedStatus(StatusReference(LIST, idx), rig.clock.now() + for_s)


class TestStatus:
    """S-12 status revoked; TS3 v1.5 §2.4.1."""

    @pytest.mark.parametrize("profile", ["asking", "european"])
    @pytest.mark.parametrize("claim", ["status", "key_storage_status"])
    def test_s12_what_the_provider_has_withdrawn_is_refused(
        self, profile: str, claim: str, request: pytest.FixtureRequest
    ) -> None:
        rig = request.getfixturevalue(profile)
        with_lists(rig, Lists(provider_list(rig, 7)))

        def said(idx: int) -> dict[str, Any]:
            return {claim: StatusReference(LIST, idx) if claim == "status" else kept(rig, idx)}

        assert obtain(rig, attested(rig, **said(6))).credentials
        assert reason_of(rig, attested(rig, **said(7))) == "key_attestation_invalid.status_withdrawn"
        assert len(rig.issuer.credentials("fr-demo")) == 1

    def test_s12_in_the_header_of_a_proof_as_well(self, european: Any) -> None:
        with_lists(european, Lists(provider_list(european, 7)))
        key, nonce = european.new_key(), european.nonce()
        word = attestation(european, [key], key_storage_status=kept(european, 7))
        proofs = Proofs(jwt=(attested_proof(european, key, word, nonce=nonce),))
        assert reason_of(european, proofs) == "key_attestation_invalid.status_withdrawn"

    def test_a_status_that_cannot_be_learned_is_asked_for_again_later(self, european: Any) -> None:
        """Nothing is used up: the same proof may do in a minute."""
        rig = with_lists(european, Lists())
        grant, proofs = grant_of(rig, rig.record()), attested(rig, key_storage_status=kept(rig, 7))
        request = CredentialRequest(credential_configuration_id="pda1", proofs=proofs)
        with pytest.raises(Unavailable, match="attestation_status_unknown"):
            rig.issuer.issuance.issue(grant, request)
        with_lists(rig, Lists(provider_list(rig)))
        assert rig.issuer.issuance.issue(grant, request).credentials

    def test_the_other_profiles_believe_what_they_cannot_look_up(self, asking: Any) -> None:
        with_lists(asking, Lists())
        assert obtain(asking, attested(asking, key_storage_status=kept(asking, 7))).credentials

    def test_a_list_of_another_provider_says_nothing(self, european: Any) -> None:
        with_lists(european, Lists(provider_list(european, of="FR:TEST97")))
        with pytest.raises(Unavailable, match="attestation_status_unknown"):
            obtain(european, attested(european, key_storage_status=kept(european, 7)))

    def test_a_status_that_its_provider_keeps_no_more(self, european: Any) -> None:
        with_lists(european, Lists(provider_list(european)))
        proofs = attested(european, key_storage_status=kept(european, 7, for_s=-61))
        assert reason_of(european, proofs) == "key_attestation_invalid.status_ended"

    def test_nobody_is_asked_about_an_attestation_that_does_not_hold(self, european: Any) -> None:
        """Whoever writes an address into a token of their own must not have it fetched."""
        lists = Lists()
        with_lists(european, lists)
        stranger = attested(european, signer=STRANGER, key_storage_status=kept(european, 7))
        assert reason_of(european, stranger).startswith("key_attestation_invalid")
        old = attestation(european, [european.new_key()], nonce="A" * 75, key_storage_status=kept(european, 7))
        assert reason_of(european, Proofs(attestation=(old,))).startswith("nonce_unknown")
        assert lists.asked == 0


def test_european_wallets_name_the_attested_key_by_its_place(european: Any) -> None:
    key, nonce = european.new_key(), european.nonce()
    header = {"jwk": None, "kid": "0", "key_attestation": attestation(european, [key])}
    proof = european.proof(nonce, key=key, header=header)
    assert bound_to(european, obtain(european, Proofs(jwt=(proof,)))) == xs([key])


def test_a_draft_name_of_the_type_is_taken_under_the_european_profile_alone(asking: Any, european: Any) -> None:
    """TS3 v1.5 still shows the name of the drafts."""
    for rig, taken in ((european, True), (asking, False)):
        word = with_typ(attestation(rig, [rig.new_key()], nonce=rig.nonce()), EARLIER_TYP)
        if taken:
            assert obtain(rig, Proofs(attestation=(word,))).credentials
        else:
            with pytest.raises(Untrusted, match="key_attestation_invalid"):
                obtain(rig, Proofs(attestation=(word,)))


def with_typ(token: str, typ: str) -> str:
    """Return the attestation signed again under another type."""
    return jws.sign(signing_header(typ, PROVIDER), jws.unverified_claims(token), PROVIDER)
