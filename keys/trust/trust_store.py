"""Trust as values: which anchors we hold, and which institution may sign which credential type, when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from portadoc.errors import Misconfigured, Untrusted
from portadoc.keys.certificates import UnverifiedCertificate, parse_certificate
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, KeyPurpose, TrustDomain
from portadoc.keys.trust.chain_validation import ValidatedChain, ValidatedChains, validate_chain
from portadoc.keys.trust.web_issuers import WebIssuer

_CACHE_SIZE: Final = 1024
_OF_WALLET_PROVIDERS: Final = frozenset(
    purpose for purpose, domain in DOMAIN_OF_PURPOSE.items() if domain is TrustDomain.WALLET
)


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """A root certificate (DER) and the purposes it may vouch for.

    ``trust_list`` is the URI of the trusted list that it comes from, empty for one that the operator set. An
    anchor of a list may be the certificate of a signer itself, and counts only for authorisations that name it.
    Under an anchor with a single purpose, a leaf need not name that purpose as its extended key usage: trust lists
    keep anchors apart by service, and the certificates under them name none. The same holds under an anchor for
    wallet providers only, who attest wallets and keys by one service. Spec: ETSI TS 119 602 Annex E, Annex H.
    """

    name: str
    certificate: bytes
    purposes: frozenset[KeyPurpose]
    trust_list: str = ""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What one institution may sign. Times in seconds since the epoch; ``valid_to`` is the last valid second.

    ``issuers`` are the issuer or verifier URLs the institution acts under, ``credential_types`` the ``vct``
    values. From ``withdrawn_at`` on, nothing is believed any more. ``anchors`` (see ``anchor_id``) are the only
    ones it counts for; without any it counts for those that the operator set. After ``believed_until`` its source
    is out of date. ``speaks_for`` are the institutions whose statuses it may state, itself alone when empty.
    """

    institution: str
    name: str
    country: str
    issuers: frozenset[str]
    purposes: frozenset[KeyPurpose]
    credential_types: frozenset[str]
    valid_from: int
    valid_to: int | None = None
    withdrawn_at: int | None = None
    anchors: frozenset[str] = frozenset()
    believed_until: int | None = None
    speaks_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, whose it is, and until when (seconds, inclusive) its chain is valid or its publication believed.

    ``anchor`` names the anchor that the chain leads to, ``anchor_certificate`` is its own (DER), ``trust_lists``
    are the URIs of the lists that it is on.
    Once ``resolve`` has authorised a key for status, ``speaks_for`` are the institutions whose statuses it may
    state, and ``not_after`` is no later than the end of what authorises it.
    """

    key: VerificationKey
    institution_id: str
    country: str
    not_after: int
    anchor: str = ""
    anchor_certificate: bytes = b""
    trust_lists: frozenset[str] = frozenset()
    speaks_for: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TrustStore:
    """Answer whether a chain may sign a credential type for an institution at a time. Fetches nothing.

    Raises Misconfigured[trust_empty] when made without anchors or without authorisations, and
    Misconfigured[trust_malformed] for an anchor that is no certificate authority.
    """

    anchors: tuple[TrustAnchor, ...]
    authorisations: tuple[Authorisation, ...]
    web_issuers: tuple[WebIssuer, ...] = field(default=(), hash=False)
    _by_url: Mapping[str, WebIssuer] = field(init=False, repr=False, compare=False)
    _certificates: Mapping[KeyPurpose, tuple[UnverifiedCertificate, ...]] = field(
        init=False, repr=False, compare=False
    )
    _dedicated: frozenset[bytes] = field(init=False, repr=False, compare=False)
    _sources: Mapping[bytes, tuple[TrustAnchor, ...]] = field(init=False, repr=False, compare=False)
    _names: Mapping[tuple[bytes, KeyPurpose], tuple[str, frozenset[str]]] = field(
        init=False, repr=False, compare=False
    )
    _by_institution: Mapping[str, tuple[Authorisation, ...]] = field(init=False, repr=False, compare=False)
    _validated: ValidatedChains = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.anchors or not self.authorisations:
            raise Misconfigured("trust_empty")
        object.__setattr__(self, "_by_url", {each.issuer: each for each in self.web_issuers})
        object.__setattr__(self, "_certificates", _certificates_by_purpose(self.anchors))
        object.__setattr__(self, "_dedicated", _of_one_service(self.anchors))
        object.__setattr__(self, "_sources", _by_certificate(self.anchors))
        object.__setattr__(self, "_names", _names_by_purpose(self.anchors))
        object.__setattr__(self, "_by_institution", _grouped(self.authorisations))
        object.__setattr__(self, "_validated", ValidatedChains(_CACHE_SIZE))

    def resolve(
        self,
        chain: tuple[bytes, ...],
        *,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> TrustedKey:
        """Return the key of a chain (DER, leaf first, anchor left out; unverified) that may sign this at ``at``.

        ``issuer`` is the token's issuer URL and ``institution`` the identifier it has to belong to; None when the
        token names none. A credential always has a ``credential_type``, its ``vct``; of a document
        seal it is the type of credential that says the same, and None asks about seals of any kind. Raises
        Malformed[malformed_token], Untrusted[chain_invalid] and Untrusted[issuer_untrusted], each with a reason.
        Spec: SD-JWT VC §3.5, ARF 3.0 OIA_14.
        """
        validated = self._validate(chain, purpose, at)  # 1 the chain leads to an anchor for this purpose
        if institution is not None and validated.institution_id != institution:  # 2 the institution expected
            raise _untrusted("institution_mismatch")
        if issuer is not None and not is_bound(issuer, validated):  # 3 the certificate names the issuer
            raise _untrusted("issuer_not_in_certificate")
        granting = self._authorise(validated, purpose, at, credential_type, issuer)  # 4 it may do this
        return self._trusted(validated, purpose, granting)

    def resolve_chain(self, chain: tuple[bytes, ...], *, purpose: KeyPurpose, at: int) -> TrustedKey:
        """Return the key of a chain that leads to an anchor for ``purpose`` at ``at``; nothing is authorised yet.

        For callers that have to verify a signature before they can read the type and issuer that ``resolve``
        judges. Raises Malformed[malformed_token], Untrusted[chain_invalid], Untrusted[issuer_untrusted].
        Spec: HAIP 1.0 §6.1.1.
        """
        return self._trusted(self._validate(chain, purpose, at), purpose)

    def web_issuer(self, issuer: str) -> WebIssuer | None:
        """Return the issuer that is believed by the keys it publishes, and by nothing else; None for any other.

        Spec: SD-JWT VC §2.5.
        """
        return self._by_url.get(issuer)

    def _trusted(
        self, validated: ValidatedChain, purpose: KeyPurpose, granting: tuple[Authorisation, ...] = ()
    ) -> TrustedKey:
        """Return the key of a chain, and for status what those that authorise it say of it."""
        anchor, trust_lists = self._names[validated.anchor, purpose]
        return TrustedKey(
            validated.key,
            validated.institution_id,
            validated.country,
            min([validated.not_after, *(end for each in granting for end in _ends(each))]),
            anchor=anchor,
            anchor_certificate=validated.anchor,
            trust_lists=trust_lists,
            speaks_for=frozenset(id_ for each in granting for id_ in each.speaks_for or {each.institution}),
        )

    def anchors_for(self, purpose: KeyPurpose) -> tuple[UnverifiedCertificate, ...]:
        """Return the anchors that may vouch for a purpose."""
        return self._certificates.get(purpose, ())

    def only_institution(self, purpose: KeyPurpose) -> str | None:
        """Return the institution that alone is authorised for a purpose at any time; None where several are."""
        named = {each.institution for each in self.authorisations if purpose in each.purposes}
        return named.pop() if len(named) == 1 else None

    @property
    def dedicated(self) -> frozenset[bytes]:
        """The anchors (DER) that vouch for a single purpose, or for wallet providers alone."""
        return self._dedicated

    def objections(
        self,
        validated: ValidatedChain,
        *,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
    ) -> tuple[str, ...]:
        """Return every reason why the institution of a chain may not do this, of its fittest authorisation.

        Empty when it may. Spec: ARF 3.0 OIA_14.
        """
        named = validated.uris if issuer is None else {issuer}
        if purpose is KeyPurpose.CREDENTIAL and not self._by_url.keys().isdisjoint(named):
            return ("believed_by_web_keys",)
        authorisations = self._by_institution.get(validated.institution_id)
        if authorisations is None:
            return ("institution_unknown",)
        for_anchor = [each for each in authorisations if self._counts_under(each, validated.anchor, purpose)]
        if not for_anchor:
            return ("anchor_of_another",)
        found = (_objections(each, validated.country, purpose, at, credential_type, issuer) for each in for_anchor)
        return min(map(tuple, found), key=len)

    def _validate(self, chain: tuple[bytes, ...], purpose: KeyPurpose, at: int) -> ValidatedChain:
        validated = self._validated.get(chain, purpose)
        if validated is not None and validated.covers(at):
            return validated
        anchors = self._certificates.get(purpose, ())
        validated = validate_chain(chain, anchors, purpose=purpose, at=at, dedicated=self._dedicated)
        self._validated.keep(chain, purpose, validated)
        return validated

    def _authorise(
        self,
        validated: ValidatedChain,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
    ) -> tuple[Authorisation, ...]:
        """Return, for status, the authorisations by which the institution may do this: those under its anchor.

        Whose statuses it may state is said by these alone. Two entities may name one provider of status lists:
        what the anchor of the first vouches for says nothing about the credentials of the second.
        Spec: Token Status List §11.3, ETSI TS 119 602 Annex H.
        """
        objections = self.objections(
            validated, purpose=purpose, at=at, credential_type=credential_type, issuer=issuer
        )
        if objections:
            raise _untrusted(objections[0])
        if purpose is not KeyPurpose.STATUS:  # of no other purpose anything depends on which of them it was
            return ()
        return tuple(
            each
            for each in self._by_institution[validated.institution_id]
            if self._counts_under(each, validated.anchor, purpose)
            and not any(_objections(each, validated.country, purpose, at, credential_type, issuer))
        )

    def _counts_under(self, authorisation: Authorisation, anchor: bytes, purpose: KeyPurpose) -> bool:
        """Tell whether an authorisation is meant for keys under this anchor: its list's, or the operator's."""
        if authorisation.anchors:
            return anchor_id(anchor) in authorisation.anchors
        return any(not each.trust_list and purpose in each.purposes for each in self._sources[anchor])


def anchor_id(certificate: bytes) -> str:
    """Return how authorisations name an anchor: the SHA-256 of its certificate (DER), in hex."""
    return sha256(certificate).hexdigest()


def _objections(
    authorisation: Authorisation,
    country: str,
    purpose: KeyPurpose,
    at: int,
    credential_type: str | None,
    issuer: str | None,
) -> Iterator[str]:
    """Yield the reasons why this authorisation does not cover the signature."""
    if authorisation.country != country:
        yield "country_mismatch"
    if authorisation.believed_until is not None and at > authorisation.believed_until:
        yield "list_stale"
    if authorisation.withdrawn_at is not None and at >= authorisation.withdrawn_at:
        yield "withdrawn"
    elif at < authorisation.valid_from or (authorisation.valid_to is not None and at > authorisation.valid_to):
        yield "outside_period"
    if purpose not in authorisation.purposes:
        yield "purpose_not_authorised"
    asked = purpose is KeyPurpose.CREDENTIAL or (
        purpose is KeyPurpose.DOCUMENT_SEAL and credential_type is not None
    )
    if asked and credential_type not in authorisation.credential_types:
        yield "type_not_authorised"
    if issuer is not None and issuer not in authorisation.issuers:
        yield "issuer_not_authorised"


def _ends(authorisation: Authorisation) -> Iterator[int]:
    """Yield the last seconds at which an authorisation is believed, of those that it names."""
    if authorisation.withdrawn_at is not None:
        yield authorisation.withdrawn_at - 1
    for end in (authorisation.valid_to, authorisation.believed_until):
        if end is not None:
            yield end


def is_bound(issuer: str, validated: ValidatedChain) -> bool:
    """Whether the leaf names the issuer: the same URI, or the host of an HTTPS URL exactly (no wildcard)."""
    if issuer in validated.uris:
        return True
    try:
        url = urlsplit(issuer)
    except ValueError:
        return False
    return url.scheme == "https" and url.hostname is not None and url.hostname in validated.host_names


def _certificates_by_purpose(
    anchors: Iterable[TrustAnchor],
) -> dict[KeyPurpose, tuple[UnverifiedCertificate, ...]]:
    certificates: dict[KeyPurpose, tuple[UnverifiedCertificate, ...]] = {}
    for anchor in anchors:
        certificate = parse_certificate(anchor.certificate)
        if not certificate.is_authority and not anchor.trust_list:
            raise Misconfigured("trust_malformed", where=anchor.name, reason="anchor_not_authority")
        for purpose in anchor.purposes:
            certificates[purpose] = (*certificates.get(purpose, ()), certificate)
    return certificates


def _by_certificate(anchors: Iterable[TrustAnchor]) -> dict[bytes, tuple[TrustAnchor, ...]]:
    grouped: dict[bytes, tuple[TrustAnchor, ...]] = {}
    for each in anchors:
        grouped[each.certificate] = (*grouped.get(each.certificate, ()), each)
    return grouped


def _names_by_purpose(
    anchors: Iterable[TrustAnchor],
) -> dict[tuple[bytes, KeyPurpose], tuple[str, frozenset[str]]]:
    """Return, for each anchor (DER) and purpose, its name and the URIs of the trusted lists that it is on."""
    names: dict[tuple[bytes, KeyPurpose], tuple[str, frozenset[str]]] = {}
    for anchor in anchors:
        for purpose in anchor.purposes:
            name, lists = names.get((anchor.certificate, purpose), (anchor.name, frozenset()))
            names[anchor.certificate, purpose] = (
                name,
                lists | ({anchor.trust_list} if anchor.trust_list else set()),
            )
    return names


def _of_one_service(anchors: Iterable[TrustAnchor]) -> frozenset[bytes]:
    """Return the anchors (DER) that vouch for one kind of service, however often they are listed."""
    purposes: dict[bytes, frozenset[KeyPurpose]] = {}
    for anchor in anchors:
        purposes[anchor.certificate] = purposes.get(anchor.certificate, frozenset()) | anchor.purposes
    return frozenset(
        certificate for certificate, named in purposes.items() if len(named) == 1 or named <= _OF_WALLET_PROVIDERS
    )


def _grouped(authorisations: Iterable[Authorisation]) -> dict[str, tuple[Authorisation, ...]]:
    grouped: dict[str, tuple[Authorisation, ...]] = {}
    for each in authorisations:
        grouped[each.institution] = (*grouped.get(each.institution, ()), each)
    return grouped


def _untrusted(reason: str) -> Untrusted:
    return Untrusted("issuer_untrusted", spec="ARF 3.0 OIA_14", reason=reason)
