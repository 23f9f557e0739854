"""``portadoc determine``: whose legislation applies, one case a line."""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import click

from portadoc.catalogue.languages import LANGUAGES
from portadoc.cli.output import language, language_option, printable
from portadoc.errors import Error, Malformed
from portadoc.i18n import render

if TYPE_CHECKING:
    from portadoc.rules import Decision, Facts

_MAX_LINE_BYTES = 1024 * 1024


@click.command()
@click.argument("cases", type=click.File("rb"))
@click.option("--language", "text_language", type=click.Choice(tuple(LANGUAGES)), help="For explanations.")
@click.option(
    "--pack", default="eu-2012", show_default=True, help="Pack of rules; one that is not in force simulates."
)
@click.option("--derivation", "with_derivation", is_flag=True, help="Add every step that led to the decision.")
@language_option
def determine(cases: IO[bytes], *, text_language: str | None, pack: str, with_derivation: bool) -> None:
    """Decide whose legislation applies, from the facts of many cases.

    CASES holds one case a line, {"id": ..., "facts": {...}}; - reads stdin. One decision a line is written. A line
    that cannot be read is told on stderr with its number and the others go on; exit code 1 if there was one, 2 if
    there is no case at all.
    """
    from portadoc.formats.strict_json import dumps

    bad_lines = number = 0
    for number, line in _lines(cases):
        try:
            written = dumps(_decided(line, pack, text_language or language(), with_derivation=with_derivation))
        except Malformed as error:
            bad_lines += 1
            _tell(number, error)
        else:
            click.echo(written)
    if not number:
        raise click.UsageError(render("cases_empty", {}, language()).text)
    if bad_lines:
        click.get_current_context().exit(1)


def _lines(cases: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold something; one that is too long is cut, so that it is refused and not held."""
    number = 0
    while line := cases.readline(_MAX_LINE_BYTES + 1):
        number += 1
        rest = line
        while len(rest) > _MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = cases.readline(_MAX_LINE_BYTES + 1)
        if line.strip():
            yield number, line


def _decided(line: bytes, pack: str, text_language: str, *, with_derivation: bool) -> dict[str, Any]:
    from portadoc.formats.strict_json import loads_object
    from portadoc.rules import decision_to_json, determine, law_for, read_facts

    case = loads_object(line.strip(), what="case", max_bytes=_MAX_LINE_BYTES)
    if not isinstance(case.get("facts"), dict):
        raise Malformed("facts_invalid", member="/facts", expected="object")
    facts = read_facts(case["facts"])
    decision = determine(facts, law=law_for(facts, pack=pack))
    written = decision_to_json(decision)
    if not with_derivation:
        del written["derivation"]
    return {"id": case.get("id"), **written, "explanation": _explanation(decision, facts, text_language)}


def _explanation(decision: "Decision", facts: "Facts", text_language: str) -> str:
    from portadoc.rules.explanation import explain

    explained = explain(decision, facts, text_language)
    return "\n".join((explained.headline, *explained.paragraphs, explained.remedy))


def _tell(number: int, error: Error) -> None:
    sentence = render(error.code, dict(error.params), language()).text
    click.secho(
        printable(render("determine_line", {"line": number, "sentence": sentence}, language()).text),
        fg="red",
        err=True,
    )
