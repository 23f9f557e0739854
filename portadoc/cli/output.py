"""What the terminal shows: sentences for people, JSON for programs, messages on stderr."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from portadoc.errors import Error, Param
from portadoc.formats.numeric_date import LATEST
from portadoc.i18n import LANGUAGES, render
from portadoc.verification.rendering.report_json import report_to_json
from portadoc.verification.rendering.report_table import report_lines
from portadoc.verification.rendering.wording import printable as printable
from portadoc.verification.report import Colour, Outcome, VerificationReport

TONES: Final[Mapping[str, str]] = {
    Outcome.PASS: "green",
    Outcome.WARNING: "yellow",
    Outcome.UNKNOWN: "yellow",
    Outcome.FAIL: "red",
    Outcome.NOT_APPLICABLE: "bright_black",
    Outcome.NOT_RUN: "bright_black",
    Colour.GREEN: "green",
    Colour.AMBER: "yellow",
    Colour.RED: "red",
}
_LANGUAGE: Final = "portadoc.language"
_MOMENTS: Final = frozenset({"as_of", "exp", "iat", "nbf", "since", "expires_at"})


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


def without_environment() -> None:
    """Speak English unless ``--lang`` says otherwise: for output that has to be the same on every machine."""
    click.get_current_context().meta.setdefault(_LANGUAGE, "en")


def explain(error: Error) -> None:
    """Write an error's sentence, advice and code to stderr."""
    params = {name: _readable(name, value) for name, value in error.params.items()}
    message = render(error.code, params, language())
    click.secho(printable(message.text), fg="red", err=True)
    if message.action:
        click.echo(printable(message.action), err=True)
    details = ", ".join(f"{name}={value}" for name, value in params.items())
    clause = f" [{error.spec}]" if error.spec else ""
    click.secho(
        printable(f"{error.code}{clause}" + (f" ({details})" if details else "")), fg="bright_black", err=True
    )


def moment(seconds: int) -> str:
    """Return a time in epoch seconds as people read it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: int) -> str:
    """Return a time span in its two greatest units, such as ``2 h 5 min``."""
    for unit, unit_s, part, part_s in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= unit_s:
            rest = seconds % unit_s // part_s
            return f"{seconds // unit_s} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{seconds} s"


def _readable(name: str, value: Param) -> Param:
    """Return the times among an error's params as people read them."""
    if not isinstance(value, int):
        return value
    if name in _MOMENTS and 0 < value <= LATEST:
        return moment(value)
    return duration(value) if name.endswith("_s") else value


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


def report_as_json(report: VerificationReport) -> dict[str, Any]:
    """Return a report as a JSON object, each check with its sentence and advice."""
    return report_to_json(report, language=language())


def write_report(report: VerificationReport) -> None:
    """Write a report as a table: one line a check, then the verdict."""
    for line in report_lines(report, language()):
        click.echo(f"{line.before}{click.style(line.marked, fg=TONES[line.tone])}{line.after}".rstrip())
