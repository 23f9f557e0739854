"""An issuer under test: what it publishes, how the kit gets access, and what is kept from module to module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from portadoc.conformance.checks import Lacking, Record
from portadoc.conformance.conversation import authorization
from portadoc.conformance.conversation.client import Client, form_post
from portadoc.conformance.conversation.credentials import Access, Delivered, Order, deliver
from portadoc.conformance.conversation.published import FORMAT, Published, object_of, texts_of, well_known
from portadoc.conformance.kit import KEY_ALG, Kit
from portadoc.conformance.programs import GivenOffer, OfferSource, SignIn, Want
from portadoc.conformance.wire import JSON_TYPE, Answer, Wire
from portadoc.errors import Error
from portadoc.fetch import is_loopback_host
from portadoc.formats import strict_json
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import CredentialOffer, CredentialOfferLink, read_message
from portadoc.schemas.profiles import ProtocolProfile
from portadoc.wallet_sim.identity import WalletIdentity
from portadoc.wallet_sim.offers import OFFER_SCHEMES
from portadoc.wallet_sim.peers import link_parameters

PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
AUTHORIZATION_CODE: Final = "authorization_code"
BY_ATTESTATION: Final = "attest_jwt_client_auth"
_EARLY_S: Final = 20


FAULTS: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, Error)
"""What falls over a value that is of another kind than it should be."""


class OperatorFault(Exception):
    """What the operator gave to the kit (offers, sign-in) has a fault of its own; the issuer is not to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What whoever runs the kit decided."""

    url: str
    profile: ProtocolProfile
    configuration_ids: tuple[str, ...]
    client_id: str
    redirect_uri: str
    own_authority: bool = False
    """Whether TLS is judged by an authority that was named for the run."""
    attested: bool = True
    """Whether the kit's wallets show that their provider vouches for them, where the server takes that."""


class Trial:
    """One run against one issuer. Grants are shared between modules that leave them as they were."""

    def __init__(
        self, setting: Setting, *, wire: Wire, kit: Kit, offers: OfferSource, sign_in: SignIn | None
    ) -> None:
        self.setting = setting
        self.profile = setting.profile
        self.wire = wire
        self.kit = kit
        self._offers = offers
        self._sign_in = sign_in
        self._issuer: Published | None = None
        self._server: Published | None = None
        self._shared: Access | None = None
        self.push_taken = False
        self._sample: tuple[Access, Delivered, tuple[LocalSigner, ...]] | None = None

    def take(self, want: Want) -> GivenOffer | None:
        """Return an offer of the operator's. Raises Lacking, OperatorFault."""
        try:
            return self._offers.take(want)
        except FAULTS as exc:
            raise OperatorFault from exc

    def take_pre_authorized(self) -> GivenOffer | None:
        """Return an offer with a pre-authorised code, with a transaction code where there is no other."""
        return self.take(Want.PRE_AUTHORIZED) or self.take(Want.PRE_AUTHORIZED_WITH_TX_CODE)

    @property
    def somebody_signs_in(self) -> bool:
        """Whether there is somebody who signs in."""
        return self._sign_in is not None

    def sign_in(self, address: str) -> str:
        """Return the address that leads back from the issuer's pages. Raises Lacking, OperatorFault."""
        if self._sign_in is None:
            raise Lacking("nobody signs in (--sign-in)")
        try:
            return self._sign_in(address)
        except FAULTS as exc:
            raise OperatorFault from exc

    @property
    def on_loopback(self) -> bool:
        """Whether the issuer runs on this machine, where some things cannot be shown."""
        return is_loopback_host(urlsplit(self.setting.url).hostname or "")

    def issuer(self, record: Record) -> Published:
        """Return the issuer's metadata, fetched once. Raises Stopped."""
        if self._issuer is None:
            answer = self.wire.get(well_known(self.setting.url, "openid-credential-issuer"), accept=JSON_TYPE)
            if answer.status != 200 or answer.json is None:
                record.stop("the issuer's metadata cannot be read", answer)
            self._issuer = Published(self.setting.url, answer.json)
        return self._issuer

    def server(self, record: Record) -> Published:
        """Return the metadata of the issuer's first authorization server. Raises Stopped."""
        if self._server is None:
            named = self.issuer(record).texts("authorization_servers")
            url = named[0] if named else self.setting.url
            answer = self.wire.get(well_known(url, "oauth-authorization-server"))
            if answer.status != 200 or answer.json is None:
                record.stop("the authorization server's metadata cannot be read", answer)
            self._server = Published(url, answer.json)
        return self._server

    def configuration_id(self, record: Record) -> str:
        """Return the configuration that the run is about: the first one named, else the first of our format."""
        configurations = self.issuer(record).configurations
        for named in self.setting.configuration_ids[:1]:
            record.step(named in configurations, f"the issuer has no configuration {named!r}")
            return named
        for name, configuration in configurations.items():
            if configuration.get("format") == FORMAT:
                return name
        raise Lacking(f"the issuer has no configuration of the format {FORMAT}")

    def client(self, record: Record, *, named: bool = True, identity: WalletIdentity | None = None) -> Client:
        """Return a new wallet at the server: attested and with a DPoP key, where the server takes that."""
        server = self.server(record)
        taken = BY_ATTESTATION in server.texts("token_endpoint_auth_methods_supported")
        attested = taken and self.setting.attested
        algs = server.texts("dpop_signing_alg_values_supported")
        anonymous = not named and not attested
        return Client(
            self.wire,
            self.kit,
            server,
            identity=None if anonymous else identity or self.wallet(),
            attested=attested,
            dpop=self.kit.new_key() if KEY_ALG in algs else None,
        )

    def wallet(self, suffix: str = "") -> WalletIdentity:
        """Return a new instance of the kit's wallet."""
        return self.kit.wallet(self.setting.client_id + suffix, self.setting.redirect_uri)

    def pre_authorized_possible(self, record: Record) -> bool:
        """Tell whether profile and server know the pre-authorised code."""
        grants = self.server(record).texts("grant_types_supported")
        return PRE_AUTHORIZED in self.profile.grants and (PRE_AUTHORIZED in grants or not grants)

    def access(self, record: Record) -> Access:
        """Return an access that modules share; it is made anew when it ends. Raises Stopped, Lacking."""
        kept, now = self._shared, self.kit.clock.now()
        if kept is None or (kept.expires_at is not None and kept.expires_at < now + _EARLY_S):
            self._shared = None
            kept = self._shared = self.fresh_access(record)
        return kept

    def drop_access(self) -> None:
        """Forget the shared access: a module has done something to it."""
        self._shared = None

    def fresh_access(self, record: Record) -> Access:
        """Return an access of its own: by a pre-authorised code where that goes, else in person."""
        if self.pre_authorized_possible(record):
            given = self.take_pre_authorized()
            if given is not None:
                return self.redeem(given, record)
        return self.access_in_person(record)

    def access_in_person(self, record: Record, *, client: Client | None = None) -> Access:
        """Return an access by the authorization code flow."""
        returned = self.code_in_person(record, client or self.client(record))
        return self.redeem_code(returned[0], returned[1], record)

    def code_in_person(self, record: Record, client: Client) -> tuple[Client, authorization.Returned]:
        """Return a code that a person brought back. Raises Stopped, Lacking."""
        return client, self.signed_in(client, self.ask_with_offer(record, client), record)

    def ask_with_offer(self, record: Record, client: Client) -> authorization.Asked:
        """Return an authorization request, for an offer where there is one. Raises Lacking, Stopped."""
        if not self.somebody_signs_in:  # an offer that nobody takes up would be lost
            raise Lacking("nobody signs in (--sign-in)")
        given = self.take(Want.AUTHORIZATION_CODE)
        return self.ask(record, client, self.offer(given, record) if given else None)

    def ask(
        self,
        record: Record,
        client: Client,
        offer: CredentialOffer | None = None,
    ) -> authorization.Asked:
        """Return an authorization request, with the ``issuer_state`` of an offer."""
        grant = offer.grants.authorization_code if offer and offer.grants else None
        wanted = offer.credential_configuration_ids if offer else (self.configuration_id(record),)
        state = grant.issuer_state if grant else None
        return authorization.ask(client, self.issuer(record), wanted, state)

    def signed_in(self, client: Client, asked: authorization.Asked, record: Record) -> authorization.Returned:
        """Return what a person brought back who signed in and agreed. Raises Stopped, Lacking."""
        return authorization.signed_in(client, asked, self.sign_in, record)

    def redeem_code(self, client: Client, returned: authorization.Returned, record: Record) -> Access:
        """Return the access for a code."""
        answer = self.token(client, returned.form())
        return self.access_of(client, answer, returned.asked.configuration_ids, record, by_code=True)

    def redeem(self, given: GivenOffer, record: Record) -> Access:
        """Return the access for an offer of either grant. Raises Stopped, Lacking."""
        offer = self.offer(given, record)
        grant = offer.grants.pre_authorized_code if offer.grants else None
        if grant is None:
            client = self.client(record)
            returned = self.signed_in(client, self.ask(record, client, offer), record)
            return self.redeem_code(client, returned, record)
        client = self.client(record, named=False)
        answer = self.token(client, pre_authorized_form(grant.pre_authorized_code, given.tx_code, client))
        return self.access_of(client, answer, offer.credential_configuration_ids, record, by_code=False)

    def token(self, client: Client, form: Mapping[str, str], *, note: str = "") -> Answer:
        """Return the answer of the token endpoint."""
        return client.send(form_post(client.server.text("token_endpoint"), form, note=note))

    def access_of(
        self, client: Client, answer: Answer, wanted: Sequence[str], record: Record, *, by_code: bool
    ) -> Access:
        """Return what a token response gives. Raises Stopped."""
        content = answer.json or {}
        token = content.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            record.stop(f"the token endpoint gave no access token{client.why_refused(answer)}", answer)
        lives, refresh = content.get("expires_in"), content.get("refresh_token")
        return Access(
            client=client,
            answer=answer,
            token=token,
            refresh_token=refresh if isinstance(refresh, str) else None,
            expires_at=self.kit.clock.now() + lives if type(lives) is int else None,
            by_details=by_code
            and authorization.DETAILS_TYPE in client.server.texts("authorization_details_types_supported"),
            identifiers=identifiers_of(content),
            configuration_ids=tuple(wanted),
        )

    def order(self, access: Access, count: int = 1, **more: Any) -> Order:
        """Return an order for fresh keys, of the first thing that an access is good for."""
        named = next(iter(access.identifiers), None) or access.configuration_ids[0]
        keys = tuple(self.kit.new_key() for _ in range(count))
        return Order(configuration_id=named, keys=keys, **more)

    def deliver(self, access: Access, order: Order, record: Record, **more: Any) -> Delivered:
        """Send a credential request, encrypted where the profile wishes it."""
        return deliver(access, self.issuer(record), order, wished=self.profile.high_assurance, **more)

    def sample(self, record: Record) -> tuple[Access, Delivered, tuple[LocalSigner, ...]]:
        """Return a batch of up to four that modules look at, asked for once. Raises Stopped, Lacking."""
        if self._sample is None:
            access = self.access(record)
            order = self.order(access, min(4, self.issuer(record).batch_size))
            delivered = self.deliver(access, order, record)
            record.step(bool(delivered.credentials), "the issuer gave no credential", delivered.answer)
            self._sample = (access, delivered, order.keys)
        return self._sample

    def offer(self, given: GivenOffer, record: Record) -> CredentialOffer:
        """Return an offer as the wallet reads it. Raises Stopped."""
        return read_message(CredentialOffer, self.offer_content(given, record))

    def offer_content(self, given: GivenOffer, record: Record) -> JsonObject:
        """Return what an offer says. Raises Stopped."""
        try:
            link = read_message(CredentialOfferLink, link_parameters(given.link, schemes=OFFER_SCHEMES))
            if link.credential_offer is not None:
                content = strict_json.loads_object(link.credential_offer, what="credential offer")
            else:
                answer = self.wire.get(link.credential_offer_uri or "", place="the offer's address")
                record.step(
                    answer.status == 200 and answer.json is not None, "the offer cannot be fetched", answer
                )
                content = answer.json or {}
            read_message(CredentialOffer, content)
        except Error as fault:
            record.stop(f"the offer is not in order ({fault.code})")
        return content


def pre_authorized_form(code: str, tx_code: str | None, client: Client) -> dict[str, str]:
    """Return the token request for a pre-authorised code. Spec: OpenID4VCI 1.0 §6.1."""
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code}
    if tx_code is not None:
        form["tx_code"] = tx_code
    if client.client_id is not None:
        form["client_id"] = client.client_id
    return form


def identifiers_of(content: JsonObject) -> dict[str, tuple[str, ...]]:
    """Return the credential identifiers of a token response by configuration. Spec: OpenID4VCI 1.0 §6.2."""
    listed = content.get("authorization_details")
    found: dict[str, tuple[str, ...]] = {}
    for each in listed if isinstance(listed, list) else ():
        name = object_of(each).get("credential_configuration_id")
        if isinstance(name, str):
            found[name] = found.get(name, ()) + texts_of(object_of(each).get("credential_identifiers"))
    return found


def wants_of(link: str) -> frozenset[Want]:
    """Return what an offer from the command line is good for, as far as its link tells by itself.

    One that is only referred to is taken for a pre-authorised one.
    """
    try:
        message = read_message(CredentialOfferLink, link_parameters(link, schemes=OFFER_SCHEMES))
        if message.credential_offer is None:
            return frozenset({Want.PRE_AUTHORIZED})
        content = strict_json.loads_object(message.credential_offer, what="credential offer")
        grants = read_message(CredentialOffer, content).grants
    except Error:
        return frozenset({Want.PRE_AUTHORIZED})
    if grants is None or grants.pre_authorized_code is None:
        return frozenset({Want.AUTHORIZATION_CODE})
    with_code = grants.pre_authorized_code.tx_code is not None
    return frozenset({Want.PRE_AUTHORIZED_WITH_TX_CODE if with_code else Want.PRE_AUTHORIZED})
