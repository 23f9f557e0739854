"""Embedded disclosure policy: does the issuer of a credential want it shown to who asks?

The answer is for the holder, who decides. Spec: CIR (EU) 2024/2979 Art. 10, Annex III; ETSI TS 119 472-3 §4.2.5;
ARF 3.0 EDP_02, EDP_03, EDP_06.
"""

import hashlib
from dataclasses import dataclass

from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.keys.certificates import (
    IDENTIFYING_ATTRIBUTES,
    DistinguishedName,
    UnverifiedCertificate,
    distinguished_name,
    name_attributes,
)
from portadoc.schemas.claims import pointer
from portadoc.schemas.openid4vci import DisclosureOption, DisclosurePolicy


@dataclass(frozen=True, slots=True)
class Authority:
    """A root or intermediate authority: its name and the serial number of its own certificate."""

    name: DistinguishedName
    serial: int


@dataclass(frozen=True, slots=True)
class DisclosureRules:
    """A policy as it is evaluated: a party, an entitlement or an authority that fits is enough."""

    restricted: bool
    parties: tuple[DistinguishedName, ...] = ()
    entitlements: frozenset[str] = frozenset()
    authorities: tuple[Authority, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenAsker:
    """What is proven of who asks.

    ``subject`` is the name in its access certificate, ``entitlements`` are those of its registration certificate,
    ``authorities`` all those above either; each is empty where nothing is proven.
    """

    subject: DistinguishedName
    entitlements: frozenset[str]
    authorities: frozenset[Authority]


def rules_of(policy: DisclosurePolicy) -> DisclosureRules:
    """Return what a policy asks for.

    A name of a relying party says its identifier (``ORGID``, or ``SN`` of a natural person), so that it names one.
    Raises Malformed[message_invalid] with the first place that does not hold. Spec: ETSI TS 119 472-3 §4.2.5.2.
    """
    values = policy.options.values if policy.options else ()
    named = [(_name(each, place), each) for place, each in enumerate(values)]
    authorities = [(name, each.serial) for name, each in named if each.serial is not None]
    return DisclosureRules(
        restricted=policy.options is not None,
        parties=tuple(name for name, each in named if name and each.serial is None),
        entitlements=frozenset(each.entitlement for each in values if each.entitlement is not None),
        authorities=tuple(Authority(name, int(serial.replace(":", ""), 16)) for name, serial in authorities),
    )


def permits(rules: DisclosureRules, asker: ProvenAsker) -> bool:
    """Tell whether the issuer wants the credential shown to this asker.

    A name fits when all of its attributes are in the certificate, which may say more.
    """
    return (
        not rules.restricted
        or any(party <= asker.subject for party in rules.parties)
        or not rules.entitlements.isdisjoint(asker.entitlements)
        or any(
            named.serial == above.serial and named.name <= above.name
            for named in rules.authorities
            for above in asker.authorities
        )
    )


def authority_of(certificate: UnverifiedCertificate) -> Authority:
    """Return how policies name the authority of a certificate. Raises nothing: the certificate was read before."""
    return Authority(name_attributes(certificate.subject), certificate.certificate.serial_number)


def policy_digest(policy: DisclosurePolicy) -> str | None:
    """Return what tells one policy from another (SHA-256, hex); None without a restriction, as without a policy.

    Spec: ARF 3.0 EDP_11.
    """
    if policy.options is None:
        return None
    return hashlib.sha256(strict_json.dumps(policy.to_json())).hexdigest()


def _name(option: DisclosureOption, place: int) -> DistinguishedName:
    """Return the name of an option, empty where it has none."""
    if option.dn is None:
        return frozenset()
    member = pointer(["options", "values", place, "dn"])
    refusal = Malformed("message_invalid", spec="RFC 4514", message=DisclosurePolicy.__name__, member=member)
    try:
        name = distinguished_name(option.dn)
    except Malformed as exc:
        raise refusal from exc
    if option.serial is None and not any(kind in IDENTIFYING_ATTRIBUTES for kind, _ in name):
        raise refusal
    return name
