"""What a browser shows at the address of a verification code, the same for every code, in eight languages.

Nobody learns from it whether a code exists, and nothing of the request stands in it. Without a script.
"""

from typing import Final

from fastapi import Request, Response

from portadoc.catalogue import LANGUAGES, WITH_TEXTS, texts
from portadoc.web.language import preferred_language
from portadoc.web.pages.page_files import PageFiles, templates_of

STATIC_PATH: Final = "/v/page-files"
FILES: Final = PageFiles("portadoc.issuer.pages", path=STATIC_PATH, media_types={"code.css": "text/css"})
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {"Content-Security-Policy": POLICY, "Vary": "Accept-Language", "X-Robots-Tag": "noindex"}


def code_page(request: Request) -> Response:
    """Return the page in the language that the reader chose (``?lang=``) or prefers."""
    chosen = request.query_params.get("lang")
    language = preferred_language(request.headers.get("accept-language"), WITH_TEXTS)
    words = texts(chosen if chosen in WITH_TEXTS else language)
    markup = templates_of("portadoc.issuer.pages").get_template("code.html")
    html = markup.render(
        language=words.language,
        t=words.text,
        reviewed=words.reviewed_by_speaker,
        languages={each: LANGUAGES[each] for each in WITH_TEXTS},
        asset=FILES.address,
    )
    headers = {**_HEADERS, "Content-Language": words.language}
    return Response(html, headers=headers, media_type="text/html")
