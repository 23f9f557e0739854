"""Ask an issuer that is being served everything that the conformance kit asks, and write what came of it."""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from portadoc.cli.conformance import CALLBACK, CLIENT_ID
from portadoc.conformance.checks import ModuleReport, Outcome, RunReport
from portadoc.conformance.run import MAX_REQUESTS, MAX_SECONDS, run
from portadoc.conformance.trial import Setting, Trial
from portadoc.conformance.wire import Wire
from portadoc.schemas.profiles import PROFILES, profile
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from tests.conformance.running_issuer import CONFIGURATION, Installation, RunningIssuer

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "issuer-conformance.md"
_HEAD: Final = """# Conformance of the issuer

What `portadoc conformance issuer` finds out about Portadoc's own issuer, by HTTP over TLS and nothing else, on one
machine. Written by `make conformance`; a test compares it with a new run. What the kit is and how to use it on any
issuer: [conformance-kit.md](conformance-kit.md).

Modules named `oid4vci-1_0-issuer-...` ask what the OpenID Foundation's conformance suite asks under the same name;
those named `portadoc-issuer-...` ask what it leaves open. A module has checks; each names its clause. What is *not
applicable* or *skipped* shows nothing and is never counted as passed. Under `eudi-2026` the issuer also requires
encryption (`issuer.encryption_required`) and keys of the highest level (`issuer.key_storage_levels`).

The table counts checks, each once in a module by its gravest outcome; the last line of the command counts
findings, of which a check gives several where it looks at several things, so that its numbers are higher.

"""


def ask_everything(issuer: RunningIssuer) -> RunReport:
    """Return what the kit finds out about an issuer under the profile that it is served in."""
    origin = issuer.url.partition("/issuer/")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        transport = UnsafeLoopbackTransport(frozenset({origin}), ca_file=issuer.ca_file)
    setting = Setting(
        url=issuer.url,
        profile=profile(issuer.house.settings.profile),
        configuration_ids=(CONFIGURATION,),
        client_id=CLIENT_ID,
        redirect_uri=CALLBACK,
        own_authority=True,
    )
    wire = Wire(transport, max_requests=MAX_REQUESTS, max_seconds=MAX_SECONDS)
    return run(Trial(setting, wire=wire, kit=issuer.kit, offers=issuer.offers, sign_in=issuer.sign_in))


def all_profiles(folder: Path, profile_ids: Iterable[str] = tuple(PROFILES)) -> Iterator[RunReport]:
    """Yield what the kit finds out under each profile, one installation for all."""
    installation = Installation(folder)
    for each in profile_ids:
        with installation.serving(each) as issuer:
            yield ask_everything(issuer)


def page_of(reports: Iterable[RunReport]) -> str:
    """Return the page about runs: counts, a row for each check with its outcome by profile, what was not shown.

    It names no machine, port or time, so that two runs that find the same give the same page.
    """
    runs = tuple(reports)
    profiles = [each.profile for each in runs]
    lines = [*_table(["Checks", *profiles], _counts(runs)), "", "## By check", ""]
    lines += _table(["Module", "Check", "Clause", *profiles], _checks(runs))
    lines += ["", "## Not shown", "", *_not_shown(runs)]
    return _HEAD + "\n".join(lines) + "\n"


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _counts(runs: tuple[RunReport, ...]) -> Iterator[list[str]]:
    found = [[outcome for each in run.modules for outcome in _outcomes(each).values()] for run in runs]
    for outcome in Outcome:
        yield [_words(outcome), *(str(each.count(outcome)) for each in found)]
    yield ["modules", *(str(len(run.modules)) for run in runs)]


def _checks(runs: tuple[RunReport, ...]) -> Iterator[list[str]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for place, each in enumerate(runs):
        for module in each.modules:
            clauses = {found.check.id: found.check.clause for found in module.findings}
            for check, outcome in _outcomes(module).items():
                name = module.module.name
                start = [f"`{name}`", f"`{check}`", clauses[check], *["-"] * len(runs)]
                rows.setdefault((name, check), start)[3 + place] = _words(outcome)
    yield from rows.values()


def _outcomes(module: ModuleReport) -> dict[str, Outcome]:
    """Return the gravest outcome of each check of a module, however often it was asked."""
    found: dict[str, set[Outcome]] = {}
    for each in module.findings:
        found.setdefault(each.check.id, set()).add(each.outcome)
    order = (Outcome.FAILED, Outcome.SKIPPED, Outcome.WARNED, Outcome.PASSED, Outcome.NOT_APPLICABLE)
    return {check: next(each for each in order if each in outcomes) for check, outcomes in found.items()}


def _not_shown(runs: tuple[RunReport, ...]) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for each in runs:
        for module in each.modules:
            for found in module.findings:
                if found.outcome in (Outcome.NOT_APPLICABLE, Outcome.SKIPPED, Outcome.WARNED):
                    line = f"`{found.check.id}`, {_words(found.outcome)}: {found.reason}"
                    of = said.setdefault(line, [])
                    of += [] if each.profile in of else [each.profile]
    yield from (f"- {line} ({', '.join(of)})" for line, of in said.items()) if said else ("Nothing.",)


def _words(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")
