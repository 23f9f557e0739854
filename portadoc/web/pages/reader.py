"""For whom a page is written: the language that a person chose, chose before, or whose browser asks for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from fastapi import Request, Response

from portadoc.catalogue import LANGUAGES, WITH_TEXTS, day_in_words, texts
from portadoc.catalogue.countries import country_name
from portadoc.i18n import LANGUAGES as MESSAGE_LANGUAGES
from portadoc.web.language import preferred_language

_CHOICE_KEPT_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of the texts of ``book``. ``chosen`` says that the language stands in the address of this page."""

    language: str
    book: str
    chosen: bool = False
    over_tls: bool = False

    @property
    def written_in(self) -> str:
        """The language of the texts: that of the reader, or the one that stands in for it."""
        return texts(self.language, self.book).language

    @property
    def message_language(self) -> str:
        """The language of sentences for errors, which fewer languages have."""
        return self.language if self.language in MESSAGE_LANGUAGES else "en"

    def say(self, key: str, /, **params: object) -> str:
        """Return a text, filled. Raises Misconfigured[message_missing]."""
        return texts(self.language, self.book).text(key, **params)

    def has(self, key: str) -> bool:
        """Tell whether there is such a text."""
        return key in texts(self.language, self.book).entries

    def country(self, code: str) -> str:
        """Return the name of a country."""
        return country_name(code, self.written_in)

    def day(self, day: date | str) -> str:
        """Return a day in words; ``day`` may be its text of ISO 8601."""
        found = date.fromisoformat(day) if isinstance(day, str) else day
        return day_in_words(found, self.language)

    def moment(self, epoch_s: int) -> str:
        """Return day and time of day in UTC."""
        at = datetime.fromtimestamp(epoch_s, UTC)
        return self.say("date.moment", day=self.day(at.date()), time=f"{at:%H:%M}")


def reader_of(request: Request, *, book: str, cookie: str) -> Reader:
    """Return the reader: ``?lang=`` before what the cookie keeps, and that before the languages of the browser."""
    chosen, over_tls = request.query_params.get("lang"), request.url.scheme == "https"
    if chosen in WITH_TEXTS:
        return Reader(chosen, book, chosen=True, over_tls=over_tls)
    kept = request.cookies.get(cookie)
    if kept in WITH_TEXTS:
        return Reader(kept, book, over_tls=over_tls)
    wanted = preferred_language(request.headers.get("accept-language"), WITH_TEXTS)
    return Reader(wanted, book, over_tls=over_tls)


def keep_choice(response: Response, reader: Reader, *, cookie: str, path: str) -> None:
    """Let the browser keep a language that was chosen in the address."""
    if reader.chosen:
        response.set_cookie(
            cookie,
            reader.language,
            max_age=_CHOICE_KEPT_S,
            path=path,
            httponly=True,
            samesite="lax",
            secure=reader.over_tls,
        )


def language_links() -> tuple[tuple[str, str], ...]:
    """Return code and own name of each language that has texts."""
    return tuple((code, LANGUAGES[code]) for code in WITH_TEXTS)
