"""Status lists and withdrawal lists from files: each believed or told why not, on stderr as well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import click

from portadoc.cli.inputs import read_file
from portadoc.cli.output import explain, language
from portadoc.errors import Error, Untrusted
from portadoc.formats.jws import unverified_claims
from portadoc.formats.numeric_date import LATEST
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.cwt_form import unverified_cwt_claims
from portadoc.formats.withdrawal_list import SPEC, WithdrawalRecord
from portadoc.i18n import render
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.rendering.wording import printable
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list
from portadoc.verification.withdrawal_lists import believe_withdrawal_list

SKEW_S: Final = 60
_ANY_AGE_S: Final = LATEST
"""A withdrawal is never undone: a record of it stays true however old it is."""
_COSE_SIGN1: Final = b"\xd2"


@dataclass(frozen=True, slots=True)
class _ListFile:
    """A file, its token (text for a JWT, bytes for a CWT), and the address that it says it is of."""

    file: str
    token: str | bytes
    uri: str
    holds_withdrawals: bool


def lists_in(files: Iterable[str], *, trust: TrustStore, at: int) -> HeldStatusLists:
    """Return the lists that can be believed, and why others cannot; which kind a file is, it says itself.

    Of several status lists of one address the one that was issued last counts, in whatever order they come.
    """
    problems: dict[str, tuple[str, str]] = {}
    read = [found for file in files if (found := _read(file, problems)) is not None]
    believed = _status_lists([each for each in read if not each.holds_withdrawals], trust, at, problems)
    records = _withdrawals([each for each in read if each.holds_withdrawals], believed, trust, at)
    held = {
        uri: HeldStatusList(each.token, each.speaks_for, each.token.iat, records.get(uri, {}))
        for uri, each in believed.items()
    }  # nobody knows when a file was fetched: it counts as fetched when it was issued
    return HeldStatusLists(held, problems, SKEW_S)


def _read(file: str, problems: dict[str, tuple[str, str]]) -> _ListFile | None:
    try:
        raw = read_file(file)
        if raw.startswith(_COSE_SIGN1):
            return _ListFile(file, raw, str(unverified_cwt_claims(raw).get("sub")), holds_withdrawals=False)
        text = raw.decode("utf-8", "replace").strip()
        claims = unverified_claims(text)
        return _ListFile(file, text, str(claims.get("sub")), holds_withdrawals="withdrawals" in claims)
    except Error as error:
        _refuse(file, error)
        problems[""] = _problem(error)
        return None


def _status_lists(
    files: Iterable[_ListFile], trust: TrustStore, at: int, problems: dict[str, tuple[str, str]]
) -> Mapping[str, BelievedStatusList]:
    lists: dict[str, BelievedStatusList] = {}
    files_of: dict[str, str] = {}
    for each in files:
        try:
            found = believe_status_list(
                each.token, uri=each.uri, trust=trust, now=at, skew_s=SKEW_S, limits=StatusListLimits()
            )
        except Error as error:
            _refuse(each.file, error)
            problems[each.uri] = _problem(error)
            continue
        held = lists.get(each.uri)
        if held is not None and found.token.iat <= held.token.iat:
            _say_of_file("status_list_passed_over", each.file)
            continue
        if held is not None:
            _say_of_file("status_list_passed_over", files_of[each.uri])
        lists[each.uri], files_of[each.uri] = found, each.file
    return lists


def _withdrawals(
    files: Iterable[_ListFile], lists: Mapping[str, BelievedStatusList], trust: TrustStore, at: int
) -> Mapping[str, Mapping[int, WithdrawalRecord]]:
    """Return the records by the address of their status list; what one list says, another does not undo."""
    records: dict[str, dict[int, WithdrawalRecord]] = {}
    for each in files:
        try:
            status_list = lists.get(each.uri)
            if status_list is None:
                raise Untrusted("withdrawals_invalid", spec=SPEC, reason="status_list_missing")
            found = believe_withdrawal_list(
                str(each.token), status_list=status_list, trust=trust, now=at, skew_s=_ANY_AGE_S
            )
        except Error as error:
            _refuse(each.file, error)
            continue
        records.setdefault(each.uri, {}).update(found.withdrawals)
    return records


def _refuse(file: str, error: Error) -> None:
    _say_of_file("status_list_unusable", file)
    explain(error)


def _problem(error: Error) -> tuple[str, str]:
    return "status_invalid", str(error.params.get("reason", error.code))


def _say_of_file(code: str, file: str) -> None:
    message = render(code, {"file": file}, language())
    click.echo(printable(f"{message.text} {message.action}".strip()), err=True)
