"""Whom to believe and what the lists say: from a trust pack, or from a trust file and files of lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from portadoc.cli.inputs import read_file, read_text
from portadoc.cli.offline.list_files import SKEW_S, lists_in
from portadoc.cli.output import explain
from portadoc.errors import Conflict, Error, Malformed, Misconfigured
from portadoc.formats import strict_json
from portadoc.formats.trust_pack import ROLE, SPEC, TrustPack, parse_trust_pack, unverified_content
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import from_pem
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust import published_chains
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.keys.trust.trust_file import read_trust_file
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.answers import StatusAnswers, TrustAnswers
from portadoc.verification.pack_answers import PackStatus, open_trust_pack
from portadoc.verification.seal_procedure import HeldSigners

_EXIT_NO_TRUST: Final = 4
_ABOUT_THE_SIGNER: Final = frozenset({"chain_invalid", "issuer_untrusted"})


@dataclass(frozen=True, slots=True)
class Sources:
    """What to judge by; ``pack`` is the trust pack where there is one."""

    trust: TrustAnswers
    status: StatusAnswers
    pack: TrustPack | None = None


def usable_pack(
    pack_file: str, anchor_file: str | None, trust_file: Path, *, operator: str | None, at: int
) -> Sources:
    """Return what a trust pack of ``operator`` holds; without a name, of the only one who could sign any.

    One that cannot be judged from ends the command, as missing trust does.
    """
    raw = read_file(pack_file, max_bytes=ROLE.max_bytes)
    try:
        if anchor_file is None and not trust_file.exists():
            raise Misconfigured("verify_anchor_missing", file=str(trust_file))
        operators = believed(anchor_file, trust_file)
        named = operator or operators.only_institution(KeyPurpose.TRUST_LIST)
        if named is None:
            raise Misconfigured("trust_pack_operator_unnamed")
        pack = open_trust_pack(raw, operators=operators, operator=named, at=at, skew_s=SKEW_S)
    except Error as error:
        if error.code in _ABOUT_THE_SIGNER and (ended := _ended(raw, at)) is not None:
            error = ended  # the certificate of an old pack has ended as well, and that is not what to mend
        if error.code in _ABOUT_THE_SIGNER:
            explain(Misconfigured("verify_pack_signer", file=pack_file, source=anchor_file or str(trust_file)))
        explain(error)
        raise click.exceptions.Exit(_EXIT_NO_TRUST) from error
    return Sources(pack.trust, PackStatus(pack, skew_s=SKEW_S), pack)


def _ended(message: bytes, at: int) -> Error | None:
    """Return the refusal of a pack that says of itself that it is too old for a time, None for any other."""
    try:
        exp = unverified_content(parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS)).get("exp")
    except Error:
        return None
    return Conflict("trust_pack_expired", spec=SPEC, exp=exp) if type(exp) is int and exp <= at else None


def from_files(trust_file: Path, list_files: Iterable[str], *, at: int) -> Sources:
    """Return the trust of a file, and what files of status and withdrawal lists say. Raises as ``read_trust``."""
    trust = read_trust(trust_file)
    return Sources(trust, lists_in(list_files, trust=trust, at=at))


def seal_signers(pack: TrustPack | None, certificate_files: Iterable[str]) -> HeldSigners:
    """Return the certificates of seals that a pack and files hold; whom to believe is for trust to say.

    Raises Misconfigured[verify_seal_certificates_needed] where neither was given, and as ``chains_from_json``.
    """
    chains = [] if pack is None else list(pack.signer_chains)
    for file in certificate_files:
        read = strict_json.loads_object(
            read_file(file), what="seal certificates", max_bytes=published_chains.MAX_BYTES
        )
        chains.extend(published_chains.chains_from_json(read))
    if not chains and pack is None:
        raise Misconfigured("verify_seal_certificates_needed")
    return HeldSigners(chains)


def believed(anchor_file: str | None, trust_file: Path) -> TrustStore | PinnedCertificates:
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
