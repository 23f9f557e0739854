"""A person's own attestations, found by the identity of the sign-in and by nothing that a request says.

What the issuer holds counts where personal number and birth date agree with the person register; what came of an
application here, by the number that it was filed for. Nothing is shown before it is released, and of nobody else
anything is: who shares names and a birthday with somebody has another number.
"""

from datetime import timedelta

from portadoc.access.actions import Action
from portadoc.access.decision import require
from portadoc.access.resources import Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.days import kept_day
from portadoc.errors import Refused
from portadoc.portal.applications.application import Application, ApplicationState, RequestKind, Step
from portadoc.portal.attestations.attestation import CARD, SHOWN_KINDS, Attestation, attestation_of
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.neighbours import HeldRecord
from portadoc.portal.steps.ending import definitive_id
from portadoc.portal.store import application_store, handover_store
from portadoc.portal.store.handover_store import ForWhom

_RELEASED = frozenset({ApplicationState.SUPERSEDED, ApplicationState.WITHDRAWN})


class Attestations:
    """Shows people what is attested of them."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate

    def listed(self, subject: Subject, slug: str) -> tuple[Attestation, ...]:
        """Return the attestations of a person and the cards of his or her children, what counts first.

        Raises Refused[not_found] for who is no person known by a number; Unavailable[register_unavailable].
        """
        self._deployment.institution(slug)
        if subject.pin is None:
            raise Refused("not_found")
        found = [each for pin in (subject.pin, *sorted(subject.children)) for each in self._of(slug, pin)]
        mine = [each for each in found if each.pin == subject.pin or each.kind == CARD]
        for each in mine:
            self.require(subject, slug, each, Action.VIEW)
        newest = sorted(mine, key=lambda each: each.record.recorded_at, reverse=True)
        return tuple(sorted(newest, key=lambda each: not each.standing.can_be_collected))

    def one(self, subject: Subject, slug: str, attestation_id: str, action: Action = Action.VIEW) -> Attestation:
        """Return one of them. Raises Refused[not_found] for anybody else's (J02), and as ``listed``."""
        for each in self.listed(subject, slug):
            if each.attestation_id == attestation_id:
                self.require(subject, slug, each, action)
                return each
        raise Refused("not_found")

    def followers(self, attestation: Attestation) -> tuple[Application, ...]:
        """Return the certificates by which one was prolonged that the caller was given, the newest first."""
        if attestation.application is None:
            return ()
        slug, case = attestation.application.institution, attestation.application.application_id
        with self._deployment.database.read() as connection:
            after = application_store.followers_of(connection, slug, {case})
        return tuple(each for each in after if each.request_kind is RequestKind.EXTENSION and each.has_certificate)

    def require(self, subject: Subject, slug: str, attestation: Attestation, action: Action) -> None:
        """Let a person at an attestation. Raises Refused[not_found], [access_denied]."""
        kind = ResourceKind.HEALTH if attestation.kind == CARD else ResourceKind.APPLICATION
        require(subject, action, Resource(kind, slug, worker_pin=attestation.pin), self._gate.context())

    def _of(self, slug: str, pin: str) -> tuple[Attestation, ...]:
        here = self._deployment
        with here.database.read() as connection:
            cases = application_store.about_person(connection, slug, pin)
        released = {str(each.record_id): each for each in cases if _is_released(each)}
        held = {each.record_id: each for each in self._known_by_number(slug, pin)}
        for record_id in released.keys() - held.keys():
            held[record_id] = here.certificates.story(slug, record_id)
        hidden = _not_released(cases)
        return tuple(
            self._attestation(each, pin, released.get(each.record_id))
            for each in held.values()
            if each.content["kind"] in SHOWN_KINDS and each.record_id not in hidden and _was_given(each, released)
        )

    def _known_by_number(self, slug: str, pin: str) -> tuple[HeldRecord, ...]:
        """Return the issuer's records about somebody whose birth date the person register knows."""
        known = self._deployment.registers.known(slug, worker_pin=pin, employer_id=None)["person"] or {}
        born = kept_day(known.get("birth_date"))
        return () if born is None else self._deployment.certificates.about(slug, number=pin, born=born)

    def _attestation(self, record: HeldRecord, pin: str, application: Application | None) -> Attestation:
        here = self._deployment
        return attestation_of(
            record,
            pin=pin,
            today=here.today(),
            soon=timedelta(days=here.settings.expiry_reminder_days),
            application=application,
            employer_grants=frozenset() if application is None else self._employer_grants(application),
        )

    def _employer_grants(self, application: Application) -> frozenset[str]:
        with self._deployment.database.read() as connection:
            offers = handover_store.offers_of(connection, application.institution, application.application_id)
        return frozenset(each.offer_id for each in offers if each.for_whom is ForWhom.EMPLOYER)


def _is_released(application: Application) -> bool:
    """Tell whether a certificate of an application is out, or was."""
    ended = application.state in _RELEASED and application.record_id is not None
    return application.has_certificate or ended


def _not_released(cases: tuple[Application, ...]) -> frozenset[str]:
    """Return the records that are being made and are nobody's yet."""
    making = {str(each.record_id) for each in cases if each.record_id is not None and not _is_released(each)}
    confirming = {definitive_id(str(each.record_id)) for each in cases if each.step is Step.CONFIRM}
    return frozenset(making | confirming)


def _was_given(record: HeldRecord, released: dict[str, Application]) -> bool:
    """Tell whether anybody ever had it: a record that was made for a release that failed is withdrawn at once."""
    return record.record_id in released or record.withdrawn_at is None or bool(record.collections)
