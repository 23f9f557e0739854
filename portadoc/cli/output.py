"""What the terminal shows: sentences for people, JSON for programs, messages on stderr."""

import json
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from portadoc.errors import Error
from portadoc.i18n import LANGUAGES, Message, render
from portadoc.verification.rendering.report_json import report_to_json
from portadoc.verification.report import Check, Outcome, Verdict, VerificationReport

MARKS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.PASS: ("word_ok", "green"),
    Outcome.WARNING: ("word_warning", "yellow"),
    Outcome.NOT_APPLICABLE: ("word_not_asked", "bright_black"),
    Outcome.UNKNOWN: ("word_unknown", "yellow"),
    Outcome.FAIL: ("word_failed", "red"),
    Outcome.NOT_RUN: ("word_not_run", "bright_black"),
}
VERDICTS: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.VALID: ("verdict_valid", "green"),
    Verdict.STATUS_UNKNOWN: ("verdict_status_unknown", "yellow"),
    Verdict.INVALID: ("verdict_invalid", "red"),
}
_LANGUAGE: Final = "portadoc.language"
_DELETE: Final = "\x7f"


def language() -> str:
    """Return the reader's language: what ``--lang`` says, else the environment, English where we have no texts."""
    context = click.get_current_context(silent=True)
    if context is not None and _LANGUAGE in context.meta:
        return str(context.meta[_LANGUAGE])
    asked = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return asked[:2] if asked[:2] in LANGUAGES else "en"


def language_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--lang``, which ``language`` and every message of the command follow."""

    def remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            context.meta[_LANGUAGE] = value

    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        is_eager=True,
        expose_value=False,
        callback=remember,
        help="Language of the sentences; by default that of the environment.",
    )(command)


def printable(text: str) -> str:
    """Return one line of text that cannot steer a terminal: control and direction characters are spelt out."""
    return text if text.isprintable() else "".join(map(_spelt_out, text))


def explain(error: Error) -> None:
    """Write an error's sentence, advice and code to stderr."""
    message = render(error.code, error.params, language())
    click.secho(printable(message.text), fg="red", err=True)
    if message.action:
        click.echo(printable(message.action), err=True)
    click.secho(printable(str(error)), fg="bright_black", err=True)


def write_json(value: Any) -> None:
    """Write a value as indented JSON to stdout."""
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    click.echo("\n".join(map(printable, lines)))


def write_table(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows under a line of their names; ``none`` when there are none."""
    if not rows:
        click.echo("none")
        return
    lines = [[name.upper().replace("_", " ") for name in names]]
    lines += [[printable(str(row[name])) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())


def write_qr_code(link: str) -> None:
    """Write a link as a QR code that a phone can read off the terminal."""
    import segno

    segno.make(link, error="l").terminal(compact=True, border=2)


def check_message(check: Check) -> Message:
    """Return the sentence of a check in the reader's language."""
    return render(check.code, check.params, language())


def report_as_json(report: VerificationReport) -> dict[str, Any]:
    """Return a report as a JSON object, each check with its sentence and advice."""
    told = report_to_json(report)
    for item, check in zip(told["checks"], report.checks, strict=True):
        message = check_message(check)
        item["message"] = {"text": message.text, "action": message.action}
    problem = report.first_problem
    return {**told, "code": problem.full_code if problem else None}


def write_report(report: VerificationReport) -> None:
    """Write a report as a table: one line a check, then the verdict."""
    for check in report.checks:
        word, colour = MARKS[check.outcome]
        message = check_message(check)
        mark = click.style(f"{render(word, {}, language()).text:<14}", fg=colour)
        click.echo(f"  {check.id:<20}{mark}{printable(message.text)}")
        if message.action and check.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
            click.echo(f"  {'':<34}{printable(message.action)}")
    verdict, colour = VERDICTS[report.verdict]
    click.secho(f"  {render(verdict, {}, language()).text}", fg=colour, bold=True)


def _spelt_out(character: str) -> str:
    """Return a character as JSON would escape it, unless it is printable or some kind of space."""
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return "\\u007f" if character == _DELETE else json.dumps(character)[1:-1]
