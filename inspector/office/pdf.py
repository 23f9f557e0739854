"""A visit on paper: set by Typst from data, never from markup; tagged and archivable (PDF/UA-1, PDF/A-2a).

Everything that varies reaches the fixed template as one JSON text; photographs lie beside it as files. Typst is an
extra: ``portadoc[pdf]``.
"""

import tempfile
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from portadoc.catalogue import text, verdict_text
from portadoc.catalogue.writing import on_paper
from portadoc.inspector.entries import NOT_JUDGED
from portadoc.inspector.office.reading import OpenedVisit
from portadoc.inspector.pages.words import office_text
from portadoc.inspector.visits.findings import RosterCode
from portadoc.inspector.visits.photos import may_be_shown, pixels
from portadoc.inspector.visits.visit import OWN, DeclaredWorker, Photo, Scan, Visit
from portadoc.paper.typesetting import require_typst, typeset

STANDARDS: Final = ("ua-1", "a-2a")
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png"}
_MAX_TEXT: Final = 4000
_SAID: Final = frozenset({OWN, *(each.value for each in RosterCode)})
MOST_PIXELS: Final = 120_000_000
"""Pixels that one paper unpacks, three bytes each: some sixty photographs as the app takes them."""


def visit_pdf(opened: OpenedVisit, *, institution: str, export_id: str, at: int, language: str) -> bytes:
    """Return a visit as a PDF; the same visit gives the same bytes. Raises Misconfigured[extra_missing]."""
    template = (resources.files("portadoc.inspector.office") / "visit.typ").read_bytes()
    with tempfile.TemporaryDirectory(prefix="portadoc-visit-") as folder:
        shown = _usable(require_typst(), opened.visit.photos, Path(folder))
        content = paper(opened, shown, institution=institution, export_id=export_id, at=at, language=language)
        return typeset(template, _writable(content), made_at=at, standards=STANDARDS, folder=Path(folder))


def paper(
    opened: OpenedVisit, photos: Mapping[str, str], *, institution: str, export_id: str, at: int, language: str
) -> dict[str, Any]:
    """Return what stands on the paper, in words. ``photos`` are the files of those that can be shown, by name."""
    visit = opened.visit

    def say(name: str, **params: object) -> str:
        return office_text(name, language, **params)

    return {
        "language": language,
        "title": say("visit.title", site=visit.site.name or "-"),
        "institution": institution,
        "facts": [{"label": say(f"visit.{name}"), "value": value} for name, value in _facts(visit, language)],
        "warnings": list(warnings(visit, language)),
        "findings": {
            "title": text("screen.finding", language),
            "none": text("screen.finding.none", language),
            "rows": list(finding_lines(opened, language)),
            "recorded": {"title": say("findings.recorded"), "rows": list(recorded_findings(visit, language))},
        },
        "scans": {"title": say("visit.scans"), "rows": [_scan(each, language) for each in visit.scans]},
        "notes": {
            "title": say("visit.notes"),
            "rows": [{"label": moment(each.at), "value": fitting(each.text)} for each in visit.notes],
        },
        "photos": {
            "title": say("visit.photos"),
            "unusable": say("photo.unusable"),
            "rows": [_photo(each, photos.get(each.photo), language) for each in visit.photos],
        },
        "footer": say("visit.footer", export=export_id, at=moment(at)),
    }


def _writable(content: Any) -> Any:
    """Return the content with what the font of the page has not spelt out: one letter of an alphabet of elsewhere
    must not keep the whole visit from paper.
    """
    if isinstance(content, dict):
        return {name: _writable(each) for name, each in content.items()}
    if isinstance(content, list):
        return list(map(_writable, content))
    return "\n".join(on_paper(line, longest=_MAX_TEXT + 1) for line in content.split("\n"))


def warnings(visit: Visit, language: str) -> Iterable[str]:
    """Yield what a reader of a visit has to know about how it came in."""
    if visit.missing:
        yield office_text("warning.missing", language, count=len(visit.missing), first=visit.missing[0])
    if visit.doubled:
        yield office_text("warning.doubled", language, count=len(visit.doubled))
    if visit.closed_at is None:
        yield office_text("warning.open", language)
    if visit.clock_ahead_s:
        yield office_text("warning.clock", language, minutes=visit.clock_ahead_s // 60)
    differing = sum(each.differs for each in visit.scans)
    if differing:
        yield office_text("warning.differs", language, count=differing)


def finding_lines(opened: OpenedVisit, language: str) -> Iterable[str]:
    """Yield each finding that the server computes now, as a sentence."""
    for finding in opened.findings:
        declared = next((each for each in opened.visit.roster if each.id == finding.worker), None)
        name = _whom(declared, finding.scans, opened.visit)
        yield _finding(finding.code.value, finding.params, name, language)


def recorded_findings(visit: Visit, language: str) -> Iterable[dict[str, str]]:
    """Yield each finding that the inspector recorded, with its time: it stands, whatever list came later."""
    for noted in visit.noted:
        said = []
        if noted.code != OWN or not noted.note:
            name = _whom(noted.declared, noted.scans, visit)
            said.append(_finding(noted.code, noted.params, name, language))
        if noted.note:
            said.append(fitting(noted.note))
        yield {"label": moment(noted.at), "value": " · ".join(said)}


def _finding(code: str, params: Mapping[str, str | int], name: str, language: str) -> str:
    """Return a finding as a sentence; a code that a newer app knows stands as it is."""
    detail = " · ".join(fitting(str(value)) for value in params.values())
    line = text(f"finding.{code}", language, name=name or "-") if code in _SAID else fitting(code)
    return f"{line} ({detail})" if detail else line


def verdict_line(verdict: str, language: str) -> str:
    """Return the headline of a verdict."""
    if verdict == NOT_JUDGED:
        return office_text("verdict.not_judged", language)
    return verdict_text(verdict, "headline", language)


def moment(seconds: int) -> str:
    """Return a time as people read it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def fitting(value: str) -> str:
    """Return a text without what only steers a terminal or the direction of writing, cut where it has no end."""
    steering = {"\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
    plain = "".join(each for each in value if each not in steering and (each.isprintable() or each == "\n"))
    return plain if len(plain) <= _MAX_TEXT else f"{plain[:_MAX_TEXT]}…"


def _facts(visit: Visit, language: str) -> Iterable[tuple[str, str]]:
    site = ", ".join(filter(None, (visit.site.address, visit.site.town, visit.site.country)))
    times = {"opened": visit.opened_at, "closed": visit.closed_at}
    named = {
        "site": fitting(visit.site.name),
        "address": fitting(site),
        "reference": fitting(visit.site.reference),
        "inspector": fitting(visit.inspector),
        "employer": fitting(visit.employer),
        **{name: "" if at is None else moment(at) for name, at in times.items()},
        "workers": str(len(visit.roster) or ""),
        "id": visit.visit,
        "device": visit.device,
    }
    yield from ((name, value) for name, value in named.items() if value)


def _scan(scan: Scan, language: str) -> dict[str, Any]:
    server = "" if scan.server_verdict is None else verdict_line(scan.server_verdict, language)
    rows = {
        "scan.at": moment(scan.at),
        "scan.on_date": scan.on_date.isoformat(),
        "scan.device": verdict_line(scan.verdict, language),
        "scan.server": server,
        "scan.withdrawn_from": _spelt(scan.withdrawn_from),
        "scan.withdrawal_cause": _cause(scan, language),
        "scan.compared": "" if scan.same_person is None else _compared(scan, language),
        **{f"fact.{name}": fitting(value) for name, value in document_facts(scan)},
    }
    return {
        "headline": verdict_line(scan.shown_verdict, language),
        "differs": office_text("scan.differs", language) if scan.differs else "",
        "colour": scan.shown_colour,
        "facts": [{"label": office_text(name, language), "value": value} for name, value in rows.items() if value],
    }


def document_facts(scan: Scan) -> Iterable[tuple[str, str]]:
    """Yield name and value of what a document says, in the order of a form."""
    facts = scan.document
    yield "number", facts.number
    yield "person", " ".join(filter(None, (facts.forenames, facts.surname)))
    yield "birth", _spelt(facts.birth_date)
    yield "employer", "; ".join((*facts.employer_names, *facts.employer_ids))
    yield "legislation", facts.state
    yield "period", " – ".join(filter(None, (_spelt(facts.first), _spelt(facts.last))))
    yield "places", "; ".join(facts.workplaces or facts.countries)
    yield "institution", " · ".join(filter(None, (facts.institution_id, facts.institution_name)))


def _compared(scan: Scan, language: str) -> str:
    name = "scan.same" if scan.same_person else "scan.other"
    return office_text(name, language, at=moment(scan.compared_at or scan.at))


def _photo(photo: Photo, file: str | None, language: str) -> dict[str, str]:
    caption = fitting(photo.caption) or office_text("photo", language)
    return {"file": file or "", "caption": f"{moment(photo.at)} · {caption}", "alt": caption}


def _cause(scan: Scan, language: str) -> str:
    return text(f"cause.{scan.withdrawal_cause}", language) if scan.withdrawal_cause else ""


def _whom(declared: DeclaredWorker | None, scans: Collection[str], visit: Visit) -> str:
    if declared is not None:
        return fitting(" ".join(filter(None, (declared.forenames, declared.surname))) or declared.id)
    for scan in visit.scans:
        if scan.scan in scans:
            person = " ".join(filter(None, (scan.document.forenames, scan.document.surname)))
            return fitting(person or scan.document.number)
    return ""


def _usable(typst: ModuleType, photos: Iterable[Photo], folder: Path) -> dict[str, str]:
    """Write the photographs that can be shown into the folder and return their files: one that is broken or too
    large must not keep the whole visit from paper, nor all together the service from its work.
    """
    usable, pixels_left = {}, MOST_PIXELS
    for place, photo in enumerate(photos):
        name, size = f"{place}.{_ENDINGS[photo.media_type]}", pixels(photo.data, photo.media_type) or 0
        if not may_be_shown(photo.data, photo.media_type) or size > pixels_left:
            continue
        pixels_left -= size
        (folder / name).write_bytes(photo.data)
        try:
            typst.compile(f'#image("{name}")'.encode(), root=str(folder), ignore_system_fonts=True)
        except typst.TypstError:
            continue
        usable[photo.photo] = name
    return usable


def _spelt(day: date | None) -> str:
    return "" if day is None else day.isoformat()
