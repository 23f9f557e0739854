"""What the terminal shows: sentences for people, JSON for programs, messages on stderr."""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

import click

from portadoc.errors import Error
from portadoc.i18n import LANGUAGES, Message, render
from portadoc.verification.report import Check, Outcome, VerificationReport

MARKS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.PASS: ("ok", "green"),
    Outcome.WARNING: ("warning", "yellow"),
    Outcome.NOT_APPLICABLE: ("not asked", "bright_black"),
    Outcome.UNKNOWN: ("unknown", "yellow"),
    Outcome.FAIL: ("FAILED", "red"),
    Outcome.NOT_RUN: ("not run", "bright_black"),
}


def language() -> str:
    """Return the reader's language by the environment, English where we have no catalogue."""
    asked = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return asked[:2] if asked[:2] in LANGUAGES else "en"


def explain(error: Error) -> None:
    """Write an error's sentence, advice and code to stderr."""
    message = render(error.code, error.params, language())
    click.secho(message.text, fg="red", err=True)
    if message.action:
        click.echo(message.action, err=True)
    click.secho(str(error), fg="bright_black", err=True)


def write_json(value: Any) -> None:
    """Write a value as indented JSON to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def check_message(check: Check) -> Message:
    """Return the sentence of a check in the reader's language."""
    return render(check.code, check.params, language())


def report_as_json(report: VerificationReport) -> dict[str, Any]:
    """Return a report as a JSON object: verdict, facts, and each check with its sentence."""
    return {
        "verdict": report.verdict.value,
        "as_of": report.as_of,
        "policy": report.policy_id,
        "institution": report.institution_id,
        "type": report.credential_type,
        "checks": [
            {
                "id": check.id,
                "outcome": check.outcome.value,
                "code": check.full_code,
                "clause": check.clause,
                "text": check_message(check).text,
                "action": check_message(check).action,
            }
            for check in report.checks
        ],
        "claims": report.claims,
    }


def write_report(report: VerificationReport) -> None:
    """Write a report as a table: one line a check, then the verdict."""
    for check in report.checks:
        mark, colour = MARKS[check.outcome]
        message = check_message(check)
        click.echo(f"  {check.id:<20}{click.style(f'{mark:<11}', fg=colour)}{message.text}")
        if message.action and check.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
            click.echo(f"  {'':<31}{message.action}")
    verdict = report.verdict.value.replace("_", " ").upper()
    click.secho(f"  {verdict}", fg="green" if report.valid else "red", bold=True)
