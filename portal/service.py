"""The portal role: applications, decisions, and what comes of them. Adapters call this and no deeper."""

from collections.abc import Mapping

from portadoc.access.subjects import Subject
from portadoc.errors import Refused
from portadoc.portal.applications.application import Application, RequestKind
from portadoc.portal.applying import Applying
from portadoc.portal.attestations.service import OwnAttestations
from portadoc.portal.deployment import Deployment
from portadoc.portal.drafts import Drafts, Wish, capacity_to_follow
from portadoc.portal.following import Following, StatusView
from portadoc.portal.gate import Gate
from portadoc.portal.handover.desk import Desk, HandOverDesk
from portadoc.portal.handover.offering import HandOver
from portadoc.portal.handover.papers import Papers
from portadoc.portal.health.service import Health
from portadoc.portal.keeping import Keeping
from portadoc.portal.officers.auditing import AuditDesk
from portadoc.portal.officers.figures import FigureDesk
from portadoc.portal.officers.office import Office
from portadoc.portal.people.news import News
from portadoc.portal.people.notices import Notices
from portadoc.portal.people.own_data import OwnData
from portadoc.portal.questions.form import Known
from portadoc.portal.settings import SECONDS_PER_DAY, PortalSettings
from portadoc.portal.steps.running import Running
from portadoc.portal.store import case_store, health_tables, tables
from portadoc.portal.store.handover_store import Document, ForWhom
from portadoc.schemas.claims import Json

_FOLLOW_UPS = frozenset(RequestKind) - {RequestKind.NEW}


class Portal:
    """The services of one portal installation. Every method takes who asks first, and asks whether it may."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.gate = Gate(deployment)
        self.running = Running(deployment)
        self.drafts = Drafts(deployment, self.gate)
        self.applying = Applying(deployment, self.gate, self.drafts, self.running)
        self.notices = Notices(deployment)
        self.news = News(deployment)
        self.following = Following(deployment, self.gate, self.drafts, self.notices)
        self.own_data = OwnData(deployment, self.gate)
        self.papers = Papers(deployment, self.gate)
        self.hand_over = HandOverDesk(deployment, self.gate)
        self.own = OwnAttestations(deployment, self.gate)
        self.office = Office(deployment, self.gate, self.running)
        self.figures = FigureDesk(deployment, self.gate)
        self.audit = AuditDesk(deployment, self.gate)
        self.health = Health(deployment, self.gate, self.running)

    @property
    def settings(self) -> PortalSettings:
        """The settings in force."""
        return self.deployment.settings

    def start(self, subject: Subject, slug: str, wish: Wish) -> Application:
        """Begin an application and return the draft. Raises as ``Drafts.start``."""
        return self.drafts.start(subject, slug, wish)

    def answer(
        self, subject: Subject, slug: str, application_id: str, question_id: str, raw: Mapping[str, str]
    ) -> Application:
        """Take an answer as a form sends it. Raises as ``Drafts.answer``."""
        return self.drafts.answer(subject, slug, application_id, question_id, raw)

    def submit(self, subject: Subject, slug: str, application_id: str, *, said: str = "") -> Application:
        """Submit, decide at once where the law is plain, prove what is urgent. Raises as ``Applying.submit``."""
        return self._proved(self.applying.submit(subject, slug, application_id, said=said))

    def apply(
        self, subject: Subject, slug: str, wish: Wish, answers: Mapping[str, Json], *, key: str, body: bytes
    ) -> Application:
        """Start, answer and submit in one act, once for each Idempotency-Key. Raises as ``Applying.apply``."""
        return self._proved(self.applying.apply(subject, slug, wish, answers, key=key, body=body))

    def application(self, subject: Subject, slug: str, application_id: str) -> Application:
        """Return an application. Raises Refused[not_found] (J02)."""
        return self.following.application(subject, slug, application_id)

    def applications(self, subject: Subject, slug: str) -> tuple[Application, ...]:
        """Return the applications that a subject may see, the newest first."""
        return self.following.applications(subject, slug)

    def view(self, subject: Subject, slug: str, application_id: str) -> StatusView:
        """Return where an application stands and what comes next. Raises Refused[not_found] (J02)."""
        return self.following.view(subject, slug, application_id)

    def contest(self, subject: Subject, slug: str, application_id: str, *, said: str = "") -> Application:
        """Let a person look at a decision again. Raises as ``Applying.contest``."""
        return self.applying.contest(subject, slug, application_id, said=said)

    def wish_exception(self, subject: Subject, slug: str, application_id: str, *, wanted: bool) -> Application:
        """Say whether an exception shall be asked for. Raises as ``Applying.wish_exception``."""
        return self.applying.wish_exception(subject, slug, application_id, wanted=wanted)

    def withdraw(self, subject: Subject, slug: str, application_id: str) -> Application:
        """Take back an application that is not granted. Raises as ``Applying.withdraw``."""
        return self.applying.withdraw(subject, slug, application_id)

    def follow_up(
        self, subject: Subject, slug: str, application_id: str, request_kind: RequestKind
    ) -> Application:
        """Begin an extension, a correction, a change or the end of a certificate that stands.

        A worker whose employer asked reports a change or an error in his or her own name. What the subject has
        begun of the kind is gone on with. Raises Refused[not_found], [access_denied], [predecessor_needed];
        Conflict[application_state].
        """
        if request_kind not in _FOLLOW_UPS:
            raise Refused("predecessor_needed")
        before = self.following.application(subject, slug, application_id)
        capacity = capacity_to_follow(subject, before, request_kind)
        begun = self.following.begun(subject, before, request_kind, capacity)
        if begun is not None:
            return begun
        wish = Wish(
            certificate_kind=before.certificate_kind,
            request_kind=request_kind,
            capacity=capacity,
            employer_id=before.employer_id,
            worker_pin=before.worker_pin,
            predecessor=application_id,
            language=before.language,
        )
        return self.drafts.start(subject, slug, wish)

    def report_change(self, subject: Subject, slug: str, application_id: str) -> Application:
        """Begin to say what has changed: a linked application whose certificate will replace this one."""
        return self.follow_up(subject, slug, application_id, RequestKind.CHANGE)

    def desk(self, subject: Subject, slug: str, application_id: str) -> Desk:
        """Return how far the hand-over is. Raises as ``HandOverDesk.desk``."""
        return self.hand_over.desk(subject, slug, application_id)

    def offer(
        self, subject: Subject, slug: str, application_id: str, *, for_whom: ForWhom = ForWhom.WORKER
    ) -> HandOver:
        """Return a new offer of a certificate. Raises as ``HandOverDesk.offer``."""
        return self.hand_over.offer(subject, slug, application_id, for_whom=for_whom)

    def known(self, application: Application) -> Known:
        """Return what is known in an application that the caller was given."""
        return self.drafts.known(application)

    def questions_left(self, application: Application) -> tuple[str, ...]:
        """Return the questions from which missing facts come, of an application that the caller was given."""
        return self.drafts.questions_left(application)

    def paper(self, subject: Subject, slug: str, application_id: str, *, language: str) -> Document:
        """Return the sealed certificate. Raises as ``Papers.paper``."""
        return self.papers.paper(subject, slug, application_id, language=language)

    def proof(self, subject: Subject, slug: str, application_id: str, *, language: str) -> Document:
        """Return the signed proof of what is filed and not decided. Raises as ``Papers.proof``."""
        return self.papers.proof(subject, slug, application_id, language=language)

    def resume_unfinished(self) -> int:
        """Take up every step that is due and return how many; safe to call at any time, from anywhere."""
        return self.running.resume_unfinished()

    def remind(self) -> int:
        """Send every reminder that is due; return how many were. Raises as ``Following.remind``."""
        return self.following.remind()

    def tell_employers(self) -> int:
        """Tell employers what workers of theirs asked for; return how many were. Raises as ``Notices``."""
        return self.notices.tell_employers()

    def tell_news(self) -> int:
        """Tell what was done to certificates; return how many messages were sent. Raises as ``News.tell``."""
        return self.news.tell()

    def forget(self) -> None:
        """Delete the keys of machine requests that are kept no longer."""
        before = self.deployment.clock.now() - self.settings.idempotency_days * SECONDS_PER_DAY
        with self.deployment.database.transaction() as connection:
            case_store.forget_machine_requests(connection, before=before)
        self.health.forget()
        self.news.forget()

    def _proved(self, application: Application) -> Application:
        if not application.urgent or not application.is_open:
            return application
        self.papers.prove_if_possible(application)
        return Keeping(self.deployment).again(application)


def build_portal(deployment: Deployment) -> Portal:
    """Return the services of an installation, the tables made. Raises Misconfigured[storage_newer]."""
    deployment.database.create(tables.METADATA)
    deployment.database.create(health_tables.METADATA)
    return Portal(deployment)
