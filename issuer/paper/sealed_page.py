"""The page of a sealed document: its facts, its seal, its verification code, and how to check it."""

from datetime import UTC, datetime

from portadoc.catalogue import Texts, day_in_words, texts
from portadoc.issuer.paper.facts import sections
from portadoc.issuer.paper.page import Page, page_pdf
from portadoc.issuer.paper.qr_symbols import qr_symbol
from portadoc.issuer.sealing.seals import Sealed


def sealed_page(sealed: Sealed, *, language: str, author: str, made_at: int, is_test: bool) -> bytes:
    """Return a PDF to print. ``author`` is the institution's name; ``made_at`` in seconds since the epoch.

    In a language that has no texts it is in English, and says so.
    Raises Misconfigured[language_unknown], [extra_missing].
    """
    words = texts(language)
    last_day = datetime.fromtimestamp(sealed.expires_at - 1, UTC).date()
    seal_until = words.text("paper.seal_until", date=day_in_words(last_day, language))
    page = Page(
        language=words.language,
        title=words.text(f"kind.{sealed.kind}"),
        author=author,
        sections=sections(sealed.kind, sealed.document, words),
        check_title=words.text("paper.check.title"),
        steps=tuple(words.text(f"paper.check.{step}") for step in ("app", "code", "person")),
        seal=qr_symbol(sealed.text),
        seal_alt=words.text("paper.seal.alt"),
        code=qr_symbol(sealed.verification_url),
        code_title=words.text("paper.code"),
        code_text=sealed.verification_code,
        code_alt=words.text("paper.code.alt", code=sealed.verification_code),
        footer=" ".join(part for part in (sealed.document_number, seal_until, _about(words)) if part),
        made_at=made_at,
        banner=words.text("paper.test_data") if is_test else None,
    )
    return page_pdf(page)


def _about(words: Texts) -> str:
    """Return what the reader has to know of the words themselves."""
    if words.asked != words.language:
        return words.text("note.language_missing", language=words.name)
    return "" if words.reviewed_by_speaker else words.text("note.not_reviewed")
