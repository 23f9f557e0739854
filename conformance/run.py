"""One run: the modules of a profile, one after the other, each whatever came of the others."""

from collections.abc import Callable
from typing import Final

from portadoc.conformance.checks import RUNS, Lacking, Module, ModuleReport, Record, RunReport, Stopped
from portadoc.conformance.table import modules_of
from portadoc.conformance.trial import FAULTS, Trial
from portadoc.conformance.wire import Exhausted
from portadoc.errors import Error

MAX_REQUESTS: Final = 2_000
MAX_SECONDS: Final = 1_800.0


def run(
    trial: Trial, *, chosen: tuple[str, ...] = (), told: Callable[[ModuleReport], None] = lambda _: None
) -> RunReport:
    """Return what the modules of the trial's profile find; ``told`` hears of each as it ends."""
    started_at = trial.kit.clock.now()
    reports: list[ModuleReport] = []
    for module in modules_of(trial.profile.id, chosen):
        reports.append(_report(module, trial))
        told(reports[-1])
    return RunReport(trial.setting.url, trial.profile.id, started_at, trial.wire.requests, tuple(reports))


def not_begun(trial: Trial, why: str) -> RunReport:
    """Return the report of a run that ends before its first module."""
    return RunReport(trial.setting.url, trial.profile.id, trial.kit.clock.now(), trial.wire.requests, (), why)


def _report(module: Module, trial: Trial) -> ModuleReport:
    record = Record()
    try:
        module.run(trial, record)
    except Stopped:
        trial.drop_access()
    except Lacking as lack:
        record.skipped(RUNS, str(lack))
    except Exhausted:
        record.skipped(RUNS, "the run has sent as many requests, or taken as much time, as it may")
    except FAULTS as fault:  # an answer so odd that a reader of ours refused it, or fell over it
        named = fault.code if isinstance(fault, Error) else type(fault).__name__
        record.judge(RUNS, False, f"the issuer's answer cannot be worked with ({named})")
        trial.drop_access()
    return ModuleReport(module, tuple(record.findings))
