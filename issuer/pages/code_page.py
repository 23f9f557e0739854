"""The public page at the address of a verification code: what kind of document it is, whose, and whether it holds.

Nothing personal stands on it but what the reader typed; a code that is not known gets a page of the same shape.
Without a script, in eight languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from portadoc.catalogue import LANGUAGES, WITH_TEXTS, Texts, texts
from portadoc.issuer.paper.facts import day_or_text
from portadoc.issuer.sealing.public_checks import NOTHING_TYPED, PublicAnswer, PublicVerdict, TypedFacts
from portadoc.web.answers import NO_STORE
from portadoc.web.language import preferred_language
from portadoc.web.pages.page_files import PageFiles, templates_of

STATIC_PATH: Final = "/v/page-files"
FILES: Final = PageFiles(
    "portadoc.issuer.pages",
    path=STATIC_PATH,
    media_types={"authorize.css": "text/css", "code.css": "text/css", "offer.css": "text/css"},
)
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Vary": "Accept-Language",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    **NO_STORE,
}
_COLOURS: Final[Mapping[PublicVerdict, str]] = {
    PublicVerdict.IN_FORCE: "green",
    PublicVerdict.NOT_DECIDED: "amber",
    PublicVerdict.NOT_IN_FORCE: "red",
    PublicVerdict.WITHDRAWN: "red",
    PublicVerdict.UNKNOWN: "amber",
}
FITS: Final = {True: "match", False: "no_match"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows beside the verdict.

    ``compared`` is the key of the comparison's outcome or of what is wrong with what was typed, empty before one;
    ``institution`` the name of the institution, empty for a code that is not known.
    """

    answer: PublicAnswer | None
    institution: str = ""
    typed: TypedFacts = NOTHING_TYPED
    compared: str = ""
    minutes: int = 0


def code_page(
    request: Request, shown: Shown, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the page in the language that the reader chose (``?lang=``) or prefers.

    Without an answer it says for how many ``minutes`` the reader has to wait.
    """
    words, own = _words(request)
    markup = templates_of("portadoc.issuer.pages").get_template("code.html")
    html = markup.render(
        language=words.language,
        t=words.text,
        p=own.text,
        reviewed=words.reviewed_by_speaker and own.reviewed_by_speaker,
        missing=own.language != words.language,
        own_language=own.language,
        languages={each: LANGUAGES[each] for each in WITH_TEXTS},
        asset=FILES.address,
        shown=shown,
        verdict=_verdict(shown, words, own),
    )
    more = {**_HEADERS, "Content-Language": words.language, **(headers or {})}
    return Response(html, status_code=status, headers=more, media_type="text/html")


def page_language(request: Request) -> str:
    """Return the language that the reader chose or prefers."""
    chosen = request.query_params.get("lang")
    language = preferred_language(request.headers.get("accept-language"), WITH_TEXTS)
    return chosen if chosen in WITH_TEXTS else language


def _words(request: Request) -> tuple[Texts, Texts]:
    language = page_language(request)
    return texts(language), texts(language, "portal")


def _verdict(shown: Shown, words: Texts, own: Texts) -> Mapping[str, str]:
    if shown.answer is None:
        return {
            "colour": "amber",
            "headline": own.text("public.wait"),
            "sentence": own.text("public.wait.sentence", minutes=shown.minutes),
        }
    answer, name = shown.answer, shown.answer.verdict.value
    since = day_or_text(answer.since, words)
    return {
        "colour": _COLOURS[answer.verdict],
        "headline": own.text(f"public.verdict.{name}"),
        "sentence": own.text(f"public.verdict.{name}.sentence", since=since),
        "kind": own.text(f"public.kind.{answer.kind}") if answer.kind else own.text("public.none"),
        "institution": shown.institution or own.text("public.none"),
    }
