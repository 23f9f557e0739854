"""Cards: asked for, renewed, or reported lost, by the insured person or by a parent for a child."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from portadoc.access.actions import Action
from portadoc.access.decision import require
from portadoc.access.resources import Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.days import kept_day
from portadoc.errors import Conflict, Refused
from portadoc.portal.applications import course
from portadoc.portal.applications.application import Application, CertificateKind
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.health.filing import Filing
from portadoc.portal.health.insurance import REPORTED, CardCause, insured_elsewhere
from portadoc.portal.keeping import Keeping
from portadoc.portal.steps.running import Running
from portadoc.portal.store import application_store, health_store
from portadoc.schemas.claims import JsonObject
from portadoc.storage import Connection


class Standing(StrEnum):
    """Who insures somebody, as the register knows it."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of a household: ``tag`` names the person in addresses and means nothing elsewhere.

    ``case`` is the latest case about the card, ``certificate`` the one whose card is in force; ``printed`` number
    and last day are those of a card that was given out before this portal.
    """

    tag: str
    pin: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    is_self: bool
    standing: Standing
    insurer_name: str
    insured_until: date | None
    printed_number: str | None = field(repr=False)
    case: Application | None = field(repr=False)
    certificate: Application | None = field(repr=False)
    extract: JsonObject | None = field(repr=False)

    @property
    def name(self) -> str:
        """Return the whole name."""
        return f"{self.given_name} {self.family_name}".strip()


class Cards:
    """What insured persons do with their cards and their children's."""

    def __init__(self, deployment: Deployment, gate: Gate, running: Running) -> None:
        self._deployment = deployment
        self._gate = gate
        self._running = running
        self._filing = Filing(deployment)
        self._keeping = Keeping(deployment)

    def household(self, subject: Subject, slug: str) -> tuple[Member, ...]:
        """Return the person and the children whom he or she acts for. Raises Refused[not_found]."""
        self._deployment.institution(slug)
        pins = ([subject.pin] if subject.pin else []) + sorted(subject.children)
        members = []
        for pin in pins:
            require(subject, Action.VIEW, _resource(slug, pin), self._gate.context())
            members.append(self._member(slug, pin, is_self=pin == subject.pin))
        return tuple(sorted(members, key=lambda each: (not each.is_self, each.birth_date or date.min)))

    def member(self, subject: Subject, slug: str, tag: str) -> Member:
        """Return one of the household by its tag. Raises Refused[not_found] for anybody else."""
        for each in self.household(subject, slug):
            if each.tag == tag:
                return each
        raise Refused("not_found")

    def of(self, subject: Subject, slug: str, pin: str) -> Member:
        """Return somebody whom the subject acts for, by personal number. Raises Refused[not_found]."""
        require(subject, Action.VIEW, _resource(slug, pin), self._gate.context())
        return self._member(slug, pin, is_self=pin == subject.pin)

    def insured_person(self, slug: str, pin: str) -> Member:
        """Return somebody who consented: the caller has asked whether it may."""
        return self._member(slug, pin, is_self=True)

    def causes(self, member: Member) -> tuple[CardCause, ...]:
        """Return why a card can be asked for now."""
        if member.standing is Standing.ELSEWHERE:
            return ()
        if member.case is not None and _is_under_way(member.case):
            return (CardCause.LOSS, CardCause.THEFT) if _can_still_be_lost(member) else ()
        if member.certificate is None and member.printed_number is None:
            return (CardCause.FIRST,)
        return (CardCause.RENEWAL, CardCause.LOSS, CardCause.THEFT)

    def ask(self, subject: Subject, slug: str, pin: str, cause: CardCause, *, language: str) -> Application:
        """Ask for a card and return where the case stands then; the card before it ends with the new one.

        What is under way is returned as it is: a second click changes nothing. Raises Refused[not_found] (J02),
        [access_denied], [insured_elsewhere] with the institution to ask, [certificate_not_offered];
        Conflict[card_cause_unfit], [application_busy].
        """
        self._filing.require_offered(slug, CertificateKind.EHIC)
        member = self.of(subject, slug, pin)
        action = Action.REPORT_LOST if cause.is_missing else Action.START
        require(subject, action, _resource(slug, pin), self._gate.context())
        if member.standing is Standing.ELSEWHERE:
            raise Refused("insured_elsewhere", institution=member.insurer_name)
        if member.case is not None and _is_under_way(member.case):
            return self._under_way(member, member.case, cause)
        if cause not in self.causes(member):
            raise Conflict("card_cause_unfit", cause=cause.value)
        filed = self._filed(subject, slug, member, cause, language)
        try:
            with self._deployment.database.transaction() as connection:
                was = None if member.case is None else member.case.application_id
                health_store.set_card_case(connection, slug, member.tag, filed.application_id, was=was)
                kept = self._filing.keep(connection, filed)
        except Conflict:  # somebody else asked at the same time: theirs counts
            now = self.of(subject, slug, pin)
            before = None if member.case is None else member.case.application_id
            if now.case is None or now.case.application_id == before:
                raise
            return self._under_way(now, now.case, cause)
        return self._running.run(kept)

    def _under_way(self, member: Member, case: Application, cause: CardCause) -> Application:
        """Return a case that is being worked on; a loss that comes after it ends the card before it at once.

        Raises Conflict[application_busy] while the installation itself is at work on it, [application_changed].
        """
        if not cause.is_missing or _asked_for(case).is_missing:
            return case
        if not _can_still_be_lost(member):
            raise Conflict("application_busy")
        facts = dict(case.facts or {})
        facts["health"] = {**facts["health"], "reason": cause.value}
        told = replace(case, facts=facts, version=case.version + 1)
        old, ending = member.certificate, None
        with self._deployment.database.transaction() as connection:
            if old is not None:
                ending = course.ending(
                    old, now=self._deployment.clock.now(), reason=REPORTED, first_day=self._deployment.today()
                )
                self._keeping.save(connection, ending, was=old)
            self._keeping.save(connection, told, was=case)
        if ending is not None:
            self._running.run(ending)
        return told

    def _filed(self, subject: Subject, slug: str, member: Member, cause: CardCause, language: str) -> Application:
        before = member.certificate
        return self._filing.filed(
            slug,
            subject_id=subject.id,
            kind=CertificateKind.EHIC,
            pin=member.pin,
            extract=member.extract,
            asked={
                "reason": cause.value,
                "first_day": self._deployment.today().isoformat(),
                "by_representative": not member.is_self,
                "consent": "own",
                "card_number": None if before is None else before.document_number,
            },
            language=language,
            predecessor=None if before is None else before.application_id,
        )

    def _member(self, slug: str, pin: str, *, is_self: bool) -> Member:
        here, tag = self._deployment, self._filing.tag(slug, f"person:{pin}")
        extract = self._filing.extract(slug, pin)
        known = extract or {}
        entitlement = known.get("entitlement") or {}
        institution_id = here.institution(slug).institution_id
        elsewhere = insured_elsewhere(extract, institution_id)
        standing = Standing.HERE if entitlement else Standing.UNKNOWN
        with here.database.read() as connection:
            case = self._case(connection, slug, tag)
            certificate = self._certificate(connection, case)
        return Member(
            tag=tag,
            pin=pin,
            given_name=str(known.get("given_name") or ""),
            family_name=str(known.get("family_name") or ""),
            birth_date=kept_day(known.get("birth_date")),
            is_self=is_self,
            standing=Standing.ELSEWHERE if elsewhere is not None else standing,
            insurer_name=elsewhere or here.name(slug),
            insured_until=kept_day(entitlement.get("valid_until")),
            printed_number=entitlement.get("card_number"),
            case=case,
            certificate=certificate,
            extract=extract,
        )

    def _case(self, connection: Connection, slug: str, tag: str) -> Application | None:
        latest = health_store.card_case_of(connection, slug, tag)
        return None if latest is None else application_store.find_application(connection, slug, latest)

    def _certificate(self, connection: Connection, case: Application | None) -> Application | None:
        """Return the case whose card is in force: the latest one, or the one that it is to replace."""
        while case is not None and not case.has_certificate:
            case = application_store.find_application(connection, case.institution, case.predecessor or "")
        return case


def _resource(slug: str, pin: str) -> Resource:
    """Return what the rules look at: whom it is about, and never who asks, as if that were the owner."""
    return Resource(ResourceKind.HEALTH, slug, worker_pin=pin)


def _is_under_way(case: Application) -> bool:
    return case.is_open or case.step is not None


def _asked_for(case: Application) -> CardCause:
    return CardCause((case.facts or {})["health"]["reason"])


def _can_still_be_lost(member: Member) -> bool:
    """Tell whether a card is held while a person looks at a case that would leave it in force."""
    case, held = member.case, member.certificate
    if case is None or case.step is not None or _asked_for(case).is_missing:
        return False
    return held.step is None if held is not None else member.printed_number is not None
