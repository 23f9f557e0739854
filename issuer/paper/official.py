"""An official paper as data, whatever kind of document it is: sections, fields, boxes, groups."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from portadoc.issuer.paper.labels import Label, printed
from portadoc.issuer.paper.qr_symbols import QrSymbol

HALF: Final = 6
WHOLE: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form: its number, its label, and the value as the record has it (unverified text).

    ``span`` is its width in twelfths of the line.
    """

    number: str
    label: Label
    value: str
    span: int = HALF


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One box of the form, crossed or not."""

    number: str
    label: Label
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that belong together, perhaps under a heading of their own."""

    fields: tuple[Field, ...] = ()
    ticks: tuple[Tick, ...] = ()
    heading: Label = ()
    note: Label = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """One numbered section of the form."""

    number: str
    title: Label
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What an official paper says. ``sign`` is the short name in its corner, such as ``A1``; one that certifies
    nothing has another colour.
    """

    sign: str
    title: Label
    basis: Label
    lead: Label
    sections: tuple[FormSection, ...]
    number: str
    certifies: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The file that travels with the paper."""

    name: str
    media_type: str
    text: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """How a reader checks the paper. There is no ``seal`` where the kind of document has none."""

    title: Label
    steps: tuple[Label, ...]
    code: QrSymbol
    code_text: str
    code_title: Label
    code_alt: str
    address: str
    seal: QrSymbol | None
    seal_alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialPaper:
    """All of an official paper. ``state`` is the code of the State that issues it."""

    language: str
    form: Form
    institution: str
    state: str
    checking: Checking
    sealed: Label
    footer: tuple[Label, ...]
    made_at: int
    banner: Label = ()
    attachment: Attachment | None = None


def paper_as_data(paper: OfficialPaper) -> dict[str, Any]:
    """Return what the template is given: every text that comes from elsewhere made fit to be printed."""
    form, checking = paper.form, paper.checking
    return {
        "language": paper.language,
        "sign": form.sign,
        "certifies": form.certifies,
        "title": form.title,
        "basis": form.basis,
        "lead": form.lead,
        "number": printed(form.number),
        "institution": printed(paper.institution),
        "state": paper.state,
        "banner": paper.banner,
        "sections": [_section(each) for each in form.sections],
        "sealed": paper.sealed,
        "check": {"title": checking.title, "steps": checking.steps},
        "seal": None if checking.seal is None else _drawn(checking.seal, checking.seal_alt),
        "code": {
            **_drawn(checking.code, checking.code_alt),
            "title": checking.code_title,
            "text": checking.code_text,
            "address": checking.address,
        },
        "footer": paper.footer,
        "attachment": None if paper.attachment is None else _attached(paper.attachment),
    }


def _section(section: FormSection) -> dict[str, Any]:
    return {
        "number": section.number,
        "title": section.title,
        "groups": [
            {
                "heading": [(language, printed(words)) for language, words in group.heading],
                "note": group.note,
                "fields": list(_fields(group.fields)),
                "ticks": [{"number": t.number, "label": t.label, "crossed": t.is_set} for t in group.ticks],
            }
            for group in section.groups
        ],
    }


def _fields(fields: Iterable[Field]) -> Iterable[dict[str, Any]]:
    for each in fields:
        yield {"number": each.number, "label": each.label, "value": printed(each.value), "span": each.span}


def _attached(attachment: Attachment) -> dict[str, str]:
    return {name: getattr(attachment, name) for name in attachment.__slots__}


def _drawn(symbol: QrSymbol, alt: str) -> dict[str, Any]:
    return {"svg": symbol.svg().decode("ascii"), "alt": alt, "size": symbol.size_mm}
