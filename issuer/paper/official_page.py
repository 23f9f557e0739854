"""The official paper of a record: its form in one language or two, its seal, its code, and the file inside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from portadoc.errors import Refused
from portadoc.issuer.paper.form_a1 import a1_form
from portadoc.issuer.paper.form_application import application_form
from portadoc.issuer.paper.form_coverage import coverage_form
from portadoc.issuer.paper.form_health import card_form, replacement_form
from portadoc.issuer.paper.labels import Label, Labels, labels, spoken
from portadoc.issuer.paper.official import Attachment, Checking, Form, OfficialPaper, paper_as_data
from portadoc.issuer.paper.qr_symbols import qr_symbol
from portadoc.paper.typesetting import typeset
from portadoc.schemas.coverage import BilateralCertificate, MaintenanceCertificate
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import Record

CREDENTIAL_TYPE: Final = "application/dc+sd-jwt"
CREDENTIAL_FILE: Final = "credential.sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What was made for this paper. ``seal`` is the text of its digital seal, None where its kind has none, and
    where the document ``is_too_large`` for one;
    ``left_out`` places of work are not in the seal; ``credential`` is the copy that the file carries, if any.
    ``expires_at`` is the end of both (epoch seconds, exclusive).
    """

    seal: str | None
    left_out: int
    credential: str | None
    code: str
    code_url: str
    expires_at: int
    is_too_large: bool = False


def official_pdf(
    record: Record,
    issued: Issued,
    *,
    languages: Sequence[str],
    institution: str,
    state: str,
    made_at: int,
    is_test: bool,
) -> bytes:
    """Return the paper of a record as PDF/UA-1 and PDF/A-3a, not sealed yet; the same input gives the same bytes.

    ``languages`` may have ``host`` in it, for that of the State of work. ``institution`` is the name of who issues
    it, ``state`` the code of its State. Raises Refused[paper_languages],
    [paper_kind_unknown], [seal_too_large], Misconfigured[language_unknown], [extra_missing], [typesetting_failed].
    """
    words = labels(spoken(languages, record))
    paper = OfficialPaper(
        language=words.language,
        form=_form(record, words),
        institution=institution,
        state=state,
        checking=_checking(issued, words),
        sealed=_sealed(issued, words, institution=institution, made_at=made_at),
        footer=tuple(part for part in (_until(issued, words), words.notes()) if part),
        made_at=made_at,
        banner=words.of("paper.test_data") if is_test else (),
        attachment=_attachment(issued, words),
    )
    template = (resources.files("portadoc.issuer.paper") / "document.typ").read_bytes()
    return typeset(template, paper_as_data(paper), made_at=made_at)


def _form(record: Record, words: Labels) -> Form:
    """Raises Refused[paper_kind_unknown] for identity data, which nobody prints."""
    if isinstance(record, Pda1):
        return a1_form(record, words)
    if isinstance(record, Prc):
        return replacement_form(record, words)
    if isinstance(record, Ehic):
        return card_form(record, words)
    if isinstance(record, BilateralCertificate | MaintenanceCertificate):
        return coverage_form(record, words)
    if isinstance(record, ApplicationProof):
        return application_form(record, words)
    raise Refused("paper_kind_unknown", kind=record.KIND)


def _checking(issued: Issued, words: Labels) -> Checking:
    steps = ("paper.check.app",) if issued.seal is not None else ()
    return Checking(
        title=words.of("paper.check.title"),
        steps=tuple(words.of(step) for step in (*steps, "form.code_step", "paper.check.person")),
        code=qr_symbol(issued.code_url),
        code_text=issued.code,
        code_title=words.of("paper.code"),
        code_alt=_first(words.of("paper.code.alt", code=issued.code)),
        address=issued.code_url,
        seal=None if issued.seal is None else qr_symbol(issued.seal),
        seal_alt=_first(words.of("paper.seal.alt")),
    )


def _sealed(issued: Issued, words: Labels, *, institution: str, made_at: int) -> Label:
    said = words.of("form.sealed", institution=institution, date=_day(made_at))
    left_out = words.of("form.left_out", count=issued.left_out) if issued.left_out else ()
    attached = words.of("form.attached", name=CREDENTIAL_FILE) if issued.credential else ()
    too_large = words.of("form.too_large") if issued.is_too_large else ()
    return (*said, *attached, *left_out, *too_large)


def _until(issued: Issued, words: Labels) -> Label:
    return words.of("paper.seal_until", date=_day(issued.expires_at - 1)) if issued.seal is not None else ()


def _attachment(issued: Issued, words: Labels) -> Attachment | None:
    if issued.credential is None:
        return None
    about = _first(words.of("form.attached.about"))
    return Attachment(name=CREDENTIAL_FILE, media_type=CREDENTIAL_TYPE, text=issued.credential, about=about)


def _first(label: Label) -> str:
    return label[0][1]


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
