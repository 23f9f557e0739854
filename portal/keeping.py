"""Keeping: an application is saved with its event, or not at all."""

from dataclasses import replace

from portadoc.portal.applications.application import Actor, Application, Step
from portadoc.portal.applications.course import TELL_OTHER_STATE
from portadoc.portal.applications.deciding import states_to_tell
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.applications.risk import PREDECESSOR_ENDED
from portadoc.portal.deployment import Deployment
from portadoc.portal.standing import left_by
from portadoc.portal.store import application_store, case_store, handover_store
from portadoc.portal.store.case_store import Task
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection


class Keeping:
    """Saves applications, tasks and events of one installation."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def save(
        self,
        connection: Connection,
        changed: Application,
        *,
        was: Application,
        kind: EventKind = EventKind.APPLICATION_CHANGED,
    ) -> None:
        """Keep the next version and tell of it in the same transaction. Raises Conflict[application_changed].

        A step that is due is kept as due only later: whoever saves it takes it at once, and others only after a
        crash.
        """
        now = self._deployment.clock.now()
        kept = changed
        if changed.step is not None and changed.step_due_at <= now:
            kept = replace(changed, step_due_at=now + self._deployment.settings.resume_after_s)
        application_store.save_application(connection, kept, was=was)
        self.tell(connection, changed, kind)

    def tell(
        self, connection: Connection, changed: Application, kind: EventKind = EventKind.APPLICATION_CHANGED
    ) -> None:
        """Tell of an act on an application; no personal data."""
        self._deployment.tell(
            connection, kind, changed.institution, changed.application_id, state=changed.state.value
        )

    def kept(self, changed: Application, *, was: Application) -> Application:
        """Keep and return the next version, in a transaction of its own. Raises Conflict[application_changed]."""
        with self._deployment.database.transaction() as connection:
            self.save(connection, changed, was=was)
        return changed

    def leave_task(self, connection: Connection, application: Application, kind: str, detail: str) -> None:
        """Leave something to be done by an officer."""
        task = Task(
            institution=application.institution,
            task_id=self._deployment.new_id(),
            application_id=application.application_id,
            kind=kind,
            detail=detail,
            made_at=self._deployment.clock.now(),
        )
        case_store.insert_task(connection, task)

    def leave_telling(self, connection: Connection, application: Application) -> None:
        """Leave to an officer to tell every other State that the decision names (A003)."""
        own_state = self._deployment.institution(application.institution).country
        for state in states_to_tell(application.decision or {}, own_state=own_state):
            self.leave_task(connection, application, TELL_OTHER_STATE, state)

    def before(self, application: Application) -> Application | None:
        """Return the application that this one follows, None where there is none."""
        with self._deployment.database.read() as connection:
            return application_store.find_application(
                connection, application.institution, application.predecessor or ""
            )

    def superseded(self, old: Application, by: Application, done: Application) -> Application:
        """Keep, as one, that a certificate gave way to another's and that this step of the other is done.

        Where it waited to take a place itself, or a further one waits to take its own, an officer looks at that.
        Return ``done``. Raises Conflict[application_changed].
        """
        gone = after(
            old,
            Act.SUPERSEDED,
            now=self._deployment.clock.now(),
            actor=Actor.SYSTEM,
            details={"by": by.case_number},
            successor=by.application_id,
            step=None,
        )
        with self._deployment.database.transaction() as connection:
            further = [
                each for each in left_by(connection, old).waiting if each.application_id != by.application_id
            ]
            if old.step is Step.REPLACE:
                further.append(by)
            for each in further:
                self.leave_task(connection, each, PREDECESSOR_ENDED, old.case_number)
            self.save(connection, gone, was=old)
            self.save(connection, done, was=by)
        return done

    def revoked(self, gone: Application, *, was: Application) -> tuple[Application, ...]:
        """Keep, as one, that a certificate is withdrawn and what becomes of what follows; return what ends, too.

        What waits to take its place ends with it; at what extends it, and at what is still open, an officer looks.
        Raises Conflict[application_changed].
        """
        wish, now = gone.revocation or {}, self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            left = left_by(connection, was)
            ending = tuple(
                replace(
                    each,
                    version=each.version + 1,
                    step=Step.REVOKE,
                    step_due_at=now,
                    step_tries=0,
                    proposed=None,
                    revocation=dict(wish),
                )
                for each in left.waiting
            )
            self.save(connection, gone, was=was)
            for before, each in zip(left.waiting, ending, strict=True):
                self.save(connection, each, was=before)
            for each in left.to_look_at:
                self.leave_task(connection, each, PREDECESSOR_ENDED, gone.case_number)
        return ending

    def end_offers(self, application: Application) -> None:
        """End every open offer of a certificate that is withdrawn; again changes nothing."""
        here, slug = self._deployment, application.institution
        with here.database.read() as connection:
            made = handover_store.offers_of(connection, slug, application.application_id)
        for each in made:
            if each.closed_at is None:
                here.certificates.cancel(slug, each.offer_id)
                with here.database.transaction() as connection:
                    handover_store.close_offer(connection, slug, each.offer_id, now=here.clock.now())

    def again(self, application: Application) -> Application:
        """Return an application as it is now."""
        with self._deployment.database.read() as connection:
            found = application_store.find_application(
                connection, application.institution, application.application_id
            )
        return application if found is None else found
