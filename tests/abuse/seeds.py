"""Sound things of every kind, with the keys that sign them: what tests start from when they spoil something."""

from datetime import date
from urllib.parse import parse_qs, urlsplit

from portadoc.formats import jwe
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.wallet_sim.presentation import bind_answer
from tests.abuse.town import INSPECTION, ISSUER, Town


class Seeds:
    """What the parties of a town have in hand."""

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
        self.link = town.ask().link
        self.request_object = house.verifier.request_object(
            INSPECTION, parse_qs(urlsplit(self.link).query)["request_uri"][0].rpartition("/")[2]
        )
        self.encryption_key = jwe.new_encryption_key(house.random_bytes)
        self.encrypted = jwe.encrypt(b"{}", self.encryption_key.public_jwk, enc="A128GCM", apu=None, apv=None)

    def _signer(self, institution: str, purpose: KeyPurpose) -> Signer:
        return self.town.house.key_ring.signer(institution, purpose)
