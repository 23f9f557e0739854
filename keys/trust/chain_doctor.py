"""The chain doctor: every rule of a certificate chain, one by one, and for each that fails what would mend it.

``validate_chain`` stops at the first fault, since nothing that follows can be believed. The doctor goes on as far
as a rule can still be asked, and names the certificate. It decides nothing: what it finds in order is still for
``TrustStore.resolve`` to accept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Final

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.keys.certificates import UnverifiedCertificate, certificate_key, parse_certificate
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust import chain_validation as rules
from portadoc.keys.trust.trust_store import TrustStore, is_bound

REASONS: Final[Mapping[str, str]] = {
    "chain_missing": "chain_missing",
    "chain_too_long": "chain_too_long",
    "duplicate_certificate": "chain_duplicate",
    "certificate": "chain_unreadable",
    "leaf_self_signed": "chain_leaf_self_signed",
    "anchor_included": "chain_anchor_included",
    "leaf_is_authority": "chain_leaf_is_authority",
    "key_usage": "chain_key_usage",
    "key_type": "chain_key_type",
    "extended_key_usage": "chain_extended_key_usage",
    "issuer_not_authority": "chain_issuer_not_authority",
    "order_or_signature": "chain_order_or_signature",
    "anchor_unknown": "chain_anchor_unknown",
    "authority_for_other_purpose": "chain_authority_for_other_purpose",
    "path_length": "chain_path_length",
    "name_constraints": "chain_name_constraints",
    "expired": "chain_expired",
    "not_yet_valid": "chain_not_yet_valid",
    "critical_policies": "chain_critical_policies",
    "path_rejected": "chain_path_rejected",
    "subject": "chain_subject",
    "institution_mismatch": "chain_institution_mismatch",
    "issuer_not_in_certificate": "chain_issuer_not_in_certificate",
    "institution_unknown": "chain_institution_unknown",
    "anchor_of_another": "chain_anchor_of_another",
    "country_mismatch": "chain_country_mismatch",
    "list_stale": "chain_list_stale",
    "withdrawn": "chain_withdrawn",
    "outside_period": "chain_outside_period",
    "purpose_not_authorised": "chain_purpose_not_authorised",
    "type_not_authorised": "chain_type_not_authorised",
    "issuer_not_authorised": "chain_issuer_not_authorised",
    "believed_by_web_keys": "chain_believed_by_web_keys",
}
"""The sentence of each reason for which a chain is refused: what it is, and what would mend it."""


class RuleOutcome(StrEnum):
    """What a rule came to; ``not_run`` when an earlier fault leaves nothing to ask."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One rule, on one certificate or on the whole chain (``subject`` and ``serial`` empty).

    ``code`` names the sentence that says what is wrong and what would mend it (empty when the rule holds),
    ``clause`` where the rule stands.
    """

    rule: str
    outcome: RuleOutcome
    code: str = ""
    reason: str = ""
    clause: str = ""
    subject: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the chain is to be good for: see ``TrustStore.resolve``."""

    purpose: KeyPurpose
    at: int
    credential_type: str | None = None
    issuer: str | None = None
    institution: str | None = None


def diagnose(unverified_chain: tuple[bytes, ...], trust: TrustStore, question: Question) -> tuple[Diagnosis, ...]:
    """Return what each rule says of a chain (DER, leaf first), in the order in which they are judged.

    Nothing is raised for a bad chain. Spec: RFC 5280 §6.1, HAIP 1.0 §6.1.1, ARF 3.0 OIA_14.
    """
    examination = _Examination()
    examination.ask("length", partial(rules.check_length, unverified_chain))
    chain = _read(examination, unverified_chain)
    if not chain:
        for rule in ("anchor_left_out", "leaf", "authorities", "signatures", "anchor", *_ON_PATH, *_ON_FACTS):
            examination.skip(rule)
        return tuple(examination.found)
    chain = _examine_chain(examination, chain, trust, question)
    path = _path(examination, chain, trust, question)
    facts = _examine_path(examination, path, trust, question) if path else None
    if not path:
        for rule in _ON_PATH:
            examination.skip(rule)
    _examine_authorisation(examination, facts, trust, question)
    return tuple(examination.found)


_ON_PATH: Final = ("purpose", "limits", "validity", "path", "names")
_ON_FACTS: Final = ("institution", "issuer", "authorisation")


@dataclass(slots=True)
class _Examination:
    """The findings so far."""

    found: list[Diagnosis] = field(default_factory=list)

    def ask(
        self, rule: str, check: Callable[[], object], certificate: UnverifiedCertificate | None = None
    ) -> bool:
        """Note whether a rule holds, and say so."""
        try:
            check()
        except (Malformed, Untrusted) as error:
            self.found.append(_fault(rule, error, certificate))
            return False
        self.found.append(_about(Diagnosis(rule, RuleOutcome.HOLDS), certificate))
        return True

    def skip(self, rule: str) -> None:
        """Note that a rule could not be asked."""
        self.found.append(Diagnosis(rule, RuleOutcome.NOT_RUN))


def _read(examination: _Examination, unverified_chain: tuple[bytes, ...]) -> tuple[UnverifiedCertificate, ...]:
    """Return the certificates, none when one of the first few cannot be read."""
    chain: list[UnverifiedCertificate] = []
    bounded = unverified_chain[: rules.MAX_CHAIN_LENGTH]
    for der in bounded:
        try:
            certificate = parse_certificate(der)
        except Malformed as error:
            examination.found.append(_fault("form", error, None))
            return ()
        chain.append(certificate)
        examination.found.append(_about(Diagnosis("form", RuleOutcome.HOLDS), certificate))
    return tuple(chain)


def _examine_chain(
    examination: _Examination,
    chain: tuple[UnverifiedCertificate, ...],
    trust: TrustStore,
    question: Question,
) -> tuple[UnverifiedCertificate, ...]:
    """Judge the certificates one by one; return those to go on with, without an anchor that came along."""
    leaf = chain[0]
    anchors = trust.anchors_for(question.purpose)
    if not examination.ask("anchor_left_out", partial(rules.check_anchor_left_out, chain, anchors)):
        held = {anchor.der for anchor in anchors}
        chain = (leaf, *(each for each in chain[1:] if each.der not in held))
    examination.ask("leaf", partial(rules.check_leaf, leaf, question.purpose), leaf)
    examination.ask("leaf", partial(certificate_key, leaf), leaf)
    for authority in chain[1:]:
        examination.ask("authorities", partial(rules.check_authorities, (authority,)), authority)
    for pair in pairwise(chain):
        examination.ask("signatures", partial(rules.check_signatures, pair), pair[0])
    return chain


def _path(
    examination: _Examination,
    chain: tuple[UnverifiedCertificate, ...],
    trust: TrustStore,
    question: Question,
) -> tuple[UnverifiedCertificate, ...]:
    """Return the path to an anchor that is held, nothing when there is none."""
    anchors = trust.anchors_for(question.purpose)
    if not examination.ask("anchor", partial(rules.path_to_anchor, chain, anchors, question.at), chain[-1]):
        return ()
    return rules.path_to_anchor(chain, anchors, question.at)


def _examine_path(
    examination: _Examination,
    path: tuple[UnverifiedCertificate, ...],
    trust: TrustStore,
    question: Question,
) -> rules.ValidatedChain | None:
    dedicated = path[-1].der in trust.dedicated
    examination.ask("purpose", partial(rules.check_purpose, path, question.purpose, dedicated=dedicated), path[0])
    sound = examination.ask("limits", partial(rules.check_limits, path[1:]))
    for certificate in path:
        check = partial(rules.check_validity, (certificate,), question.at)
        sound = examination.ask("validity", check, certificate) and sound
    if sound:
        examination.ask("path", partial(rules.check_path, path, question.at))
    else:  # it would refuse the same once more, in other words
        examination.skip("path")
    return rules.facts_of(path) if examination.ask("names", partial(rules.facts_of, path), path[0]) else None


def _examine_authorisation(
    examination: _Examination, facts: rules.ValidatedChain | None, trust: TrustStore, question: Question
) -> None:
    if facts is None:
        for rule in _ON_FACTS:
            examination.skip(rule)
        return
    differs = question.institution is not None and facts.institution_id != question.institution
    _note(examination, "institution", "institution_mismatch" if differs else "")
    unbound = question.issuer is not None and not is_bound(question.issuer, facts)
    _note(examination, "issuer", "issuer_not_in_certificate" if unbound else "")
    objections = trust.objections(
        facts,
        purpose=question.purpose,
        at=question.at,
        credential_type=question.credential_type,
        issuer=question.issuer,
    )
    for objection in objections or ("",):
        _note(examination, "authorisation", objection)


def _note(examination: _Examination, rule: str, objection: str) -> None:
    if not objection:
        examination.found.append(Diagnosis(rule, RuleOutcome.HOLDS))
        return
    error = Untrusted("issuer_untrusted", spec="ARF 3.0 OIA_14", reason=objection)
    examination.found.append(_fault(rule, error, None))


def _fault(rule: str, error: Error, certificate: UnverifiedCertificate | None) -> Diagnosis:
    reason = str(error.params["reason"])
    fault = Diagnosis(rule, RuleOutcome.FAILS, REASONS[reason], reason, error.spec or "")
    return _about(fault, certificate)


def _about(diagnosis: Diagnosis, certificate: UnverifiedCertificate | None) -> Diagnosis:
    if certificate is None:
        return diagnosis
    subject, serial = certificate.subject.rfc4514_string(), f"{certificate.certificate.serial_number:x}"
    return replace(diagnosis, subject=subject, serial=serial)
