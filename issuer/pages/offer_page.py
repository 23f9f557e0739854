"""The page of an offer: into the wallet on this device, or on another one by its QR code; or that it is over.

In eight languages and without a script. Whoever has the address sees it, so it says little of whose it is, and
never the transaction code.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response

from portadoc.catalogue import texts
from portadoc.issuer.life_cycle.shown_offers import OfferStanding, ShownOffer
from portadoc.issuer.pages.authorize_page import BOOK, LANGUAGE_COOKIE
from portadoc.issuer.pages.code_page import FILES
from portadoc.web.answers import NO_STORE
from portadoc.web.pages.page_files import templates_of
from portadoc.web.pages.qr_codes import qr_code
from portadoc.web.pages.reader import Reader, keep_choice, language_links, reader_of

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Vary": "Accept-Language, Cookie",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    **NO_STORE,
}
_GONE, _UNKNOWN = 410, 404
_OVER: Final = "offer_unknown"
"""What a wallet is told that fetches an offer which is over."""
_TONES: Final = {OfferStanding.COLLECTED: "green", OfferStanding.ENDED: "amber", OfferStanding.EXPIRED: "amber"}


def offer_page(request: Request, shown: ShownOffer, *, names: Mapping[str, str]) -> Response:
    """Return the page of an offer; ``names`` are those of the institution. 410 for one that is over."""
    reader = _reader(request)
    is_open = shown.standing is OfferStanding.OPEN
    content = {
        "standing": shown.standing.value,
        "tone": _TONES.get(shown.standing, ""),
        "code": _OVER,
        "shown": shown,
        "institution": names.get(reader.written_in) or next(iter(names.values())),
        "kinds": [(reader.say(f"kind.{kind}"), count) for kind, count in shown.kinds.items()],
        "until": reader.moment(shown.expires_at),
        "qr": qr_code(shown.links[-1], reader.say("offer.qr")) if is_open else "",
    }
    return _answer(reader, content, status=200 if is_open else _GONE)


def no_offer_page(request: Request) -> Response:
    """Return the page for an address behind which there never was an offer: 404."""
    return _answer(
        _reader(request), {"standing": "unknown", "tone": "amber", "code": "not_found"}, status=_UNKNOWN
    )


def _reader(request: Request) -> Reader:
    return reader_of(request, book=BOOK, cookie=LANGUAGE_COOKIE)


def _answer(reader: Reader, content: Mapping[str, object], *, status: int) -> Response:
    html = (
        templates_of("portadoc.issuer.pages")
        .get_template("offer.html")
        .render(
            reader=reader,
            t=reader.say,
            reviewed=texts(reader.language, BOOK).reviewed_by_speaker,
            languages=language_links(),
            asset=FILES.address,
            here=True,
            **content,
        )
    )
    headers = {**_HEADERS, "Content-Language": reader.written_in}
    response = Response(html, status_code=status, headers=headers, media_type="text/html")
    keep_choice(response, reader, cookie=LANGUAGE_COOKIE, path="/issuer")
    return response
