"""Whom to believe and what the lists say: from a trust pack, or from a trust file and status list files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from portadoc.cli.inputs import read_file, read_text
from portadoc.cli.output import explain, language
from portadoc.errors import Error, Malformed, Misconfigured
from portadoc.formats.jws import unverified_claims
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.cwt_form import unverified_cwt_claims
from portadoc.formats.trust_pack import ROLE, TrustPack
from portadoc.i18n import render
from portadoc.keys.certificates import from_pem
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.keys.trust.trust_file import read_trust_file
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.answers import HeldStatusList, HeldStatusLists, StatusAnswers, TrustAnswers
from portadoc.verification.pack_answers import PackStatus, open_trust_pack
from portadoc.verification.rendering.wording import printable
from portadoc.verification.status_tokens import believe_status_list

SKEW_S: Final = 60
_COSE_SIGN1: Final = b"\xd2"
_EXIT_NO_TRUST: Final = 4


@dataclass(frozen=True, slots=True)
class Sources:
    """What to judge by; ``pack`` is the trust pack where there is one."""

    trust: TrustAnswers
    status: StatusAnswers
    pack: TrustPack | None = None


def usable_pack(pack_file: str, anchor_file: str | None, trust_file: Path, *, at: int) -> Sources:
    """Return what a trust pack holds; one that cannot be judged from ends the command, as missing trust does."""
    try:
        raw = read_file(pack_file, max_bytes=ROLE.max_bytes)
        pack = open_trust_pack(raw, operators=believed(anchor_file, trust_file), at=at, skew_s=SKEW_S)
    except Error as error:
        explain(error)
        raise click.exceptions.Exit(_EXIT_NO_TRUST) from error
    return Sources(pack.trust, PackStatus(pack, skew_s=SKEW_S), pack)


def from_files(trust_file: Path, status_files: Iterable[str], *, at: int) -> Sources:
    """Return the trust of a file and what status list files say. Raises as ``read_trust``."""
    trust = read_trust(trust_file)
    return Sources(trust, _status_lists(status_files, trust, at))


def believed(anchor_file: str | None, trust_file: Path) -> TrustAnswers:
    """Return who may sign packs and receipts: whom the PEM certificates vouch for, else whom the trust file does.

    Raises Misconfigured[verify_anchor_malformed], and as ``read_trust``.
    """
    if anchor_file is None:
        return read_trust(trust_file)
    try:
        return PinnedCertificates(from_pem(read_text(anchor_file)))
    except Malformed as exc:
        raise Misconfigured("verify_anchor_malformed", file=anchor_file) from exc


def read_trust(file: Path) -> TrustStore:
    """Return whom to believe. Raises Misconfigured[verify_trust_missing] and as ``read_trust_file``."""
    if not file.exists():
        raise Misconfigured("verify_trust_missing", file=str(file))
    return read_trust_file(file)


def _status_lists(files: Iterable[str], trust: TrustStore, at: int) -> HeldStatusLists:
    """Return the lists that can be believed, and why others cannot; the latter is said on stderr as well.

    Of several lists of one address the one that was issued last counts, in whatever order they come.
    """
    lists: dict[str, HeldStatusList] = {}
    files_of: dict[str, str] = {}
    problems = {}
    for file in files:
        uri = ""
        try:
            token, uri = _token(file)
            found = _believed(token, uri, trust, at)
        except Error as error:
            _say_of_file("status_list_unusable", file)
            explain(error)
            problems[uri] = ("status_invalid", str(error.params.get("reason", error.code)))
            continue
        held = lists.get(uri)
        if held is not None and found.token.iat <= held.token.iat:
            _say_of_file("status_list_passed_over", file)
            continue
        if held is not None:
            _say_of_file("status_list_passed_over", files_of[uri])
        lists[uri], files_of[uri] = found, file
    return HeldStatusLists(lists, problems, SKEW_S)


def _token(file: str) -> tuple[str | bytes, str]:
    """Return the token of a file, text for a JWT and bytes for a CWT, and the address that it says it is of."""
    raw = read_file(file)
    if raw.startswith(_COSE_SIGN1):
        return raw, str(unverified_cwt_claims(raw).get("sub"))
    text = raw.decode("utf-8", "replace").strip()
    return text, str(unverified_claims(text).get("sub"))


def _believed(token: str | bytes, uri: str, trust: TrustStore, at: int) -> HeldStatusList:
    """Return a verified list. Nobody knows when a file was fetched: it counts as fetched when it was issued.

    Raises as ``believe_status_list``.
    """
    found = believe_status_list(token, uri=uri, trust=trust, now=at, skew_s=SKEW_S, limits=StatusListLimits())
    return HeldStatusList(found.token, found.speaks_for, resolved_at=found.token.iat)


def _say_of_file(code: str, file: str) -> None:
    message = render(code, {"file": file}, language())
    click.echo(printable(f"{message.text} {message.action}".strip()), err=True)
