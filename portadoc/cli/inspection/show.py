"""How an inspection looks: paragraphs for people, one tree for programs. Both begin with: UNVERIFIED."""

import json
from collections.abc import Iterator
from typing import Final

import click

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity
from portadoc.cli.output import printable
from portadoc.i18n import Message, render
from portadoc.schemas.claims import Json, JsonObject

_COLOURS: Final = {Severity.FAULT: "red", Severity.WARNING: "yellow", Severity.NOTE: "bright_black"}
_WORDS: Final = {
    Severity.FAULT: "word_fault",
    Severity.WARNING: "word_warning",
    Severity.NOTE: "word_note",
}
_LONGEST: Final = 120


def inspection_as_json(inspection: Inspection, language: str) -> JsonObject:
    """Return the tree, with ``verified`` false at its top."""
    return {"verified": False, **_tree(inspection, language)}


def inspection_lines(inspection: Inspection, language: str) -> Iterator[str]:
    """Yield the lines for a terminal, with colours; nothing in them can steer the terminal."""
    banner = render("inspect_unverified", {}, language)
    yield click.style(f"{banner.text}", fg="yellow", bold=True)
    yield banner.action
    yield ""
    yield from _lines(inspection, language, "")


def _tree(inspection: Inspection, language: str) -> JsonObject:
    return {
        "kind": inspection.kind,
        "said": [_said(each, language) for each in inspection.said],
        "findings": [_finding(each, language) for each in inspection.findings],
        "content": inspection.content,
        "parts": {name: _tree(part, language) for name, part in inspection.parts.items()},
    }


def _said(said: Said, language: str) -> JsonObject:
    """Return a sentence, and under ``next`` what one would do with such a thing where that is known."""
    message = render(said.code, said.params, language)
    told = {"code": said.code, "text": message.text}
    return {**told, "next": message.action} if message.action else told


def _finding(finding: Finding, language: str) -> JsonObject:
    message = _message(finding, language)
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "params": dict(finding.params),
        "clause": finding.clause,
        "text": message.text,
        "action": message.action,
    }


def _message(finding: Finding, language: str) -> Message:
    return render(finding.code, finding.params, language)


def _lines(inspection: Inspection, language: str, indent: str) -> Iterator[str]:
    for number, said in enumerate(inspection.said):
        message = render(said.code, said.params, language)
        text = printable(message.text)
        yield indent + (click.style(text, bold=True) if number == 0 else f"- {text}")
        if message.action:
            yield indent + printable(message.action)
    for finding in inspection.findings:
        yield from _finding_lines(finding, language, indent)
    if inspection.content:
        yield f"{indent}{render('word_content', {}, language).text}"
        yield from _value_lines(inspection.content, f"{indent}  ")
    for name, part in inspection.parts.items():
        yield ""
        yield f"{indent}{click.style(printable(name), underline=True)}"
        yield from _lines(part, language, f"{indent}  ")


def _finding_lines(finding: Finding, language: str, indent: str) -> Iterator[str]:
    message = _message(finding, language)
    word = click.style(render(_WORDS[finding.severity], {}, language).text, fg=_COLOURS[finding.severity])
    clause = f"  [{finding.clause}]" if finding.clause else ""
    yield f"{indent}{word}: {printable(message.text)}{clause}"
    if message.action and finding.severity is not Severity.NOTE:
        yield f"{indent}  {printable(message.action)}"


def _value_lines(value: Json, indent: str) -> Iterator[str]:
    """Yield one line a value; containers are indented, long texts are cut with their length."""
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        yield from (f"{indent}{_short(each)}" for each in value)
        return
    pairs = value.items() if isinstance(value, dict) else ((f"[{n}]", each) for n, each in enumerate(value))
    for name, each in pairs:
        if isinstance(each, dict | list) and each:
            yield f"{indent}{printable(str(name))}"
            yield from _value_lines(each, f"{indent}  ")
        else:
            yield f"{indent}{printable(str(name))}: {_short(each)}"


def _short(value: Json) -> str:
    text = printable(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)})"
