"""News of certificates: what was done to one at the issuer is told to its worker, and to every employer on it.

The issuer's history is read, so that it does not matter by which door something was done: by an authentic source,
by staff, or here. What the portal withdraws itself is shown with the request, and not told a second time.

A worker is told where personal number and birth date agree with the person register: a number that was mistyped in
a record is somebody else's, who then learns nothing of it and whose name no employer learns. Of a correction, the
people of both records are told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final

from portadoc.access.decision import reach
from portadoc.access.subjects import Subject
from portadoc.days import kept_day
from portadoc.errors import Unavailable
from portadoc.portal.applications.timers import day_of
from portadoc.portal.deployment import Deployment
from portadoc.portal.neighbours import RecordNews
from portadoc.portal.settings import SECONDS_PER_DAY
from portadoc.portal.store import news_store
from portadoc.portal.store.news_store import NewsItem
from portadoc.schemas.claims import JsonObject
from portadoc.verification.persons import number_letters
from portadoc.web.pages.reader import Reader

_TOLD_WITHIN_DAYS: Final = 7
_SHOWN_DAYS: Final = 365
_READ_AT_ONCE: Final = 100
_TOLD_KINDS: Final = frozenset({"pda1", "bilateral", "maintenance", "ehic"})
_LANGUAGES: Final = {
    "AT": "de",
    "DE": "de",
    "ES": "es",
    "FR": "fr",
    "IT": "it",
    "PL": "pl",
    "PT": "pt",
    "RO": "ro",
}


@dataclass(frozen=True, slots=True)
class ShownNews:
    """Something that was done, as a space shows it; ``name`` is that of an employer's worker, where known."""

    verb: str
    number: str
    day: date
    name: str

    def text(self, reader: Reader) -> str:
        """Return the sentence that tells it."""
        said = reader.say(f"notice.deed.{self.verb}", number=self.number, day=reader.day(self.day))
        return reader.say("notice.deed_of_worker", name=self.name, text=said) if self.name else said


class News:
    """Reads the issuer's history and tells of it, each deed once to each party."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def tell(self) -> int:
        """Read what was done, and send what was not told yet; return how many messages were sent.

        What cannot be sent is sent in a later round. Raises Unavailable[second_channel_failed],
        [register_unavailable] after all others were told.
        """
        here, sent, failed = self._deployment, 0, None
        for slug in here.settings.by_slug:
            while self._read(slug) == _READ_AT_ONCE:
                pass
            with here.database.read() as connection:
                waiting = news_store.untold(connection, slug, since=self._since(_TOLD_WITHIN_DAYS))
            for each in waiting:
                try:
                    sent += self._tell(each)
                except Unavailable as error:
                    failed = error
        if failed is not None:
            raise failed
        return sent

    def shown(self, subject: Subject, slug: str) -> tuple[ShownNews, ...]:
        """Return what the space of a person or an employer shows, the newest first.

        Raises Unavailable[register_unavailable].
        """
        here = self._deployment
        employers = reach(subject, now=here.clock.now()).employers
        born = None if subject.pin is None else kept_day(self._person(slug, subject.pin).get("birth_date"))
        worker = None if subject.pin is None or born is None else (number_letters(subject.pin), born)
        if worker is None and not employers:
            return ()
        since = self._since(_SHOWN_DAYS)
        with here.database.read() as connection:
            found = news_store.news_of(connection, slug, worker=worker, employers=employers, since=since)
        return tuple(self._shown(each) for each in found)

    def forget(self) -> None:
        """Delete what is not shown any more."""
        with self._deployment.database.transaction() as connection:
            news_store.forget_news(connection, before=self._since(_SHOWN_DAYS))

    def _read(self, slug: str) -> int:
        """Read on in the issuer's history and return how much there was; of several at once, one counts."""
        here = self._deployment
        with here.database.read() as connection:
            after = news_store.read_until(connection, slug)
        found = here.certificates.news(slug, after=after, limit=_READ_AT_ONCE)
        items = [item for each in found for item in self._items(slug, each)]
        with here.database.transaction() as connection:
            if found and news_store.read_until(connection, slug) == after:
                for item in items:
                    news_store.insert_news(connection, item)
                news_store.note_read(connection, slug, found[-1].number)
        return len(found)

    def _items(self, slug: str, news: RecordNews) -> Iterable[NewsItem]:
        """Return to whom something is told: nobody twice, and nothing that is long past."""
        content, deed = news.content, news.deed
        is_told = not news.is_ours or deed.verb == "reissue"
        if not is_told or content.get("kind") not in _TOLD_KINDS or deed.at <= self._since(_TOLD_WITHIN_DAYS):
            return ()
        about = [content]
        if deed.verb == "correct" and deed.successor is not None:
            about.append(self._deployment.certificates.story(slug, deed.successor).content)
        number = str((content.get("document") or {}).get("number") or content.get("card_number") or "")
        items = [
            NewsItem(
                institution=slug,
                deed_id=news.deed_id,
                party=party,
                worker_pin=pin,
                born=born,
                verb=deed.verb,
                number=number,
                at=deed.at,
                is_worker=is_worker,
            )
            for pin, born, party, is_worker in chain.from_iterable(map(_parties, about))
        ]
        return {item.party: item for item in items}.values()  # by the right record, where both name somebody

    def _tell(self, item: NewsItem) -> bool:
        """Send a message, noted in the same transaction, to whom a register knows with an address.

        An employer that none knows reads it in its space.
        """
        here, slug = self._deployment, item.institution
        if item.is_worker:
            contact = self._worker(item).get("contact")
        else:
            known = here.registers.known(slug, worker_pin=None, employer_id=item.party)
            contact = (known["employer"] or {}).get("email")
        reader = Reader(_LANGUAGES.get(here.institution(slug).country, "en"), "portal")
        with here.database.transaction() as connection:
            if not news_store.note_told(connection, item, now=here.clock.now()) or not contact:
                return False
            here.second_channel.send(slug, str(contact), self._shown(item).text(reader))
        return True

    def _shown(self, item: NewsItem) -> ShownNews:
        name = "" if item.is_worker else self._name(item)
        return ShownNews(item.verb, item.number, day_of(item.at), name)

    def _name(self, item: NewsItem) -> str:
        person = self._worker(item)
        return f"{person.get('given_name', '')} {person.get('family_name', '')}".strip()

    def _worker(self, item: NewsItem) -> JsonObject:
        """Return what the register knows of the worker; nothing where the number is that of somebody else."""
        person = self._person(item.institution, item.worker_pin)
        return person if person.get("birth_date") == item.born else {}

    def _person(self, slug: str, pin: str) -> JsonObject:
        known = self._deployment.registers.known(slug, worker_pin=pin, employer_id=None)["person"]
        return known or {}

    def _since(self, days: int) -> int:
        return self._deployment.clock.now() - days * SECONDS_PER_DAY


def _parties(content: JsonObject) -> Iterable[tuple[str, str, str, bool]]:
    """Return number and birth date of a certificate's worker with each who is told, and if that is the worker."""
    person = content.get("person") or content.get("insured") or {}
    pin, born = str(person.get("pin") or ""), str(person.get("date_of_birth") or "")
    if own := number_letters(pin):
        yield pin, born, own, True
    for employer in filter(None, (str(each.get("id") or "") for each in content.get("employments", ()))):
        yield pin, born, employer, False
