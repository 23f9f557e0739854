"""``portadoc trust``: whom an installation believes, what a trusted list says, and what is wrong with a chain."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from portadoc.cli.inputs import Moment, read_anything, read_file
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.offline.anchors import anchors
from portadoc.cli.offline.pack import pack
from portadoc.cli.output import language, language_option, write_json, write_table
from portadoc.cli.trust.files import add, export
from portadoc.errors import Malformed, Refused
from portadoc.i18n import render
from portadoc.verification.rendering.wording import printable

if TYPE_CHECKING:
    from portadoc.keys.trust.chain_doctor import Diagnosis, Question
    from portadoc.keys.trust.trust_list import TrustListSnapshot
    from portadoc.keys.trust.trust_store import TrustStore

_MAX_LIST_BYTES: Final = 16 * 1024 * 1024
_PURPOSES: Final = ("credential", "status", "metadata", "request", "document_seal", "trust_list", "receipt")
_SKEW_S: Final = 120
_COSE_SIGN1: Final = b"\xd2"
_ACCESS_LIST: Final = b"/EUWRPACProvidersList"
_MARKS: Final = {
    "holds": ("rule_holds", "green"),
    "fails": ("rule_fails", "red"),
    "not_run": ("rule_not_run", "bright_black"),
}


@click.group()
def trust() -> None:
    """Whom to believe: anchors, trusted lists, and what is wrong with a certificate chain."""


trust.add_command(pack)
trust.add_command(anchors)
trust.add_command(export)
trust.add_command(add)


@trust.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def show(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Show the anchors and authorisations in force, and the trusted lists that they come from."""
    from portadoc.keys.trust.trust_file import trust_to_json

    with installation(settings_file, data_dir) as house:
        lists = house.verifier.trust_lists
        held, in_force, problems = lists.snapshots(), lists.current(), lists.problems
    if as_json:
        shown = [_list_facts(each) for each in held]
        write_json({**trust_to_json(in_force), "lists": shown, "problems": _problems(problems)})
        return
    write_table(
        ("anchor", "purposes", "from", "until", "sha256"), [_anchor_row(each) for each in in_force.anchors]
    )
    click.echo()
    columns = ("institution", "country", "purposes", "types", "speaks_for", "since", "withdrawn")
    write_table(columns, [_authorisation_row(each) for each in in_force.authorisations])
    for issuer in in_force.web_issuers:
        click.echo(printable(f"\n{issuer.issuer}: {issuer.institution}, by the keys that it publishes"))
    for each in held:
        click.echo(printable(f"\n{each.uri}: edition {each.sequence}, next update {_moment(each.next_update)}"))
    for problem in _problems(problems):
        click.echo(printable(f"\n{problem['uri']}: {problem['code']} ({problem['reason']})"), err=True)


@trust.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def refresh(*, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Fetch every trusted list now, and the keys that issuers publish; exit code 1 when a list did not come."""
    with installation(settings_file, data_dir) as house:
        fetched = house.verifier.refresh_trust_lists(everything=True)
        issuers = house.verifier.refresh_issuer_keys(everything=True)
        problems = _problems(house.verifier.trust_lists.problems)
    if as_json:
        write_json({"fetched": fetched, "issuers": issuers, "problems": problems})
    else:
        click.echo(f"fetched: {fetched}")
        write_table(("uri", "code", "reason"), problems)
    raise click.exceptions.Exit(1 if problems else 0)


@trust.command("list")
@click.argument("source", metavar="FILE|URL")
@click.option("--signer", "signer_file", type=click.Path(exists=True, dir_okay=False), required=True, help="PEM.")
@click.option("--at", type=Moment(), help="Judge for this time (UTC); default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(*, source: str, signer_file: str, at: int | None, as_json: bool) -> None:
    """Show a trusted list, JSON or XML, that one of the scheme operator's certificates (--signer, PEM) signed.

    Exit code 0: verified and current; 1: not to be believed.
    """
    from portadoc.clock import SystemClock
    from portadoc.formats.trust_lists.listing import SchemeOperators
    from portadoc.formats.trust_lists.reading import read_trust_list
    from portadoc.keys.certificates import from_pem
    from portadoc.keys.trust.trust_list import ListForm, check_fresh

    now = SystemClock().now() if at is None else at
    raw = _list_bytes(source)
    form = ListForm.ETSI_TL if raw.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else ListForm.LOTE
    operators = SchemeOperators(from_pem(read_file(signer_file).decode("ascii", "replace")))
    try:
        snapshot = read_trust_list(raw, form=form, uri=source, operators=operators, now=now, skew_s=_SKEW_S)
    except Malformed as exc:
        if form is ListForm.LOTE and exc.params.get("reason") == "LoTEType" and _ACCESS_LIST in _json_of(raw):
            raise Refused("trust_list_of_access_certificates", spec="ETSI TS 119 602 Annex F") from exc
        raise
    if as_json:
        write_json({**_list_facts(snapshot), "entities": list(_rows(snapshot))})
    else:
        for name, value in _list_facts(snapshot).items():
            click.echo(printable(f"{name.replace('_', ' ')}: {value}"))
        write_table(("entity", "identifiers", "country", "purpose", "approved", "anchors"), list(_rows(snapshot)))
    check_fresh(snapshot, now=now)


def _json_of(raw: bytes) -> bytes:
    """Return the content of a list whose signature holds, as JSON."""
    from portadoc.formats import strict_json
    from portadoc.formats.jws import unverified_claims

    return strict_json.dumps(unverified_claims(raw.decode("ascii").strip()))


@trust.command()
@click.argument("file")
@click.option("--trust", "trust_file", type=click.Path(dir_okay=False, path_type=Path), help="Trust file to use.")
@click.option("--at", type=Moment(), help="Judge for this time (UTC); default: now.")
@click.option("--type", "credential_type", help="The vct that is to be signed; default: that of the credential.")
@click.option("--purpose", type=click.Choice(_PURPOSES), help="What the key is for; default: by the token's typ.")
@click.option("--issuer", help="The issuer URL; default: that of the credential.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
@settings_options
def doctor(
    *,
    file: str,
    trust_file: Path | None,
    at: int | None,
    credential_type: str | None,
    purpose: str | None,
    issuer: str | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Say of the chain in FILE which rule it breaks and what would mend it.

    FILE holds a chain in PEM, leaf first, or a signed token with its chain: a credential, a status list (JWT or
    CWT), a withdrawal list, a request, a trust pack.
    Without --trust, the trust in force in the installation counts. Exit code 0: every rule holds; 1: one fails.
    """
    from portadoc.clock import SystemClock
    from portadoc.keys.trust.chain_doctor import Question, RuleOutcome, diagnose

    chain, guessed = _chain_and_question(read_anything(file))
    question = Question(
        purpose=type(guessed.purpose)(purpose) if purpose else guessed.purpose,
        at=SystemClock().now() if at is None else at,
        credential_type=credential_type or guessed.credential_type,
        issuer=issuer or guessed.issuer,
    )
    found = diagnose(chain, _trust(trust_file, settings_file, data_dir), question)
    if as_json:
        write_json({"purpose": question.purpose, "at": question.at, "rules": list(map(_told, found))})
    else:
        _write_diagnoses(found)
    raise click.exceptions.Exit(1 if any(each.outcome is not RuleOutcome.HOLDS for each in found) else 0)


def _trust(trust_file: Path | None, settings_file: str | None, data_dir: str | None) -> "TrustStore":
    if trust_file is not None:
        from portadoc.keys.trust.trust_file import read_trust_file

        return read_trust_file(trust_file)
    with installation(settings_file, data_dir) as house:
        return house.verifier.trust_lists.current()


def _chain_and_question(raw: bytes) -> tuple[tuple[bytes, ...], "Question"]:
    """Return the chain (DER) and what it claims to be for; nothing of it is verified.

    Raises Malformed[malformed_token].
    """
    from portadoc.keys.certificates import from_pem
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.keys.trust.chain_doctor import Question

    if raw.startswith(_COSE_SIGN1):
        return _message_and_question(raw)
    text = raw.decode("utf-8", "replace").strip()
    if text.startswith("-----BEGIN"):
        return from_pem(text), Question(purpose=KeyPurpose.CREDENTIAL, at=0)
    return _token_and_question(text.partition("~")[0])


def _message_and_question(raw: bytes) -> tuple[tuple[bytes, ...], "Question"]:
    """Return the chain of a COSE message, a trust pack or else a status list. Raises Untrusted, Malformed."""
    from portadoc.errors import Untrusted
    from portadoc.formats.status_list.cwt_form import parse_status_list_cwt
    from portadoc.formats.trust_pack import parse_trust_pack
    from portadoc.keys.algorithms import ALL_ALGORITHMS
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.keys.trust.chain_doctor import Question

    try:
        chain = parse_trust_pack(raw, allowed_algs=ALL_ALGORITHMS).unverified_chain
        return chain, Question(purpose=KeyPurpose.TRUST_LIST, at=0)
    except (Malformed, Untrusted):
        chain = parse_status_list_cwt(raw, allowed_algs=ALL_ALGORITHMS).unverified_chain
        return chain, Question(purpose=KeyPurpose.STATUS, at=0)


def _token_and_question(token: str) -> tuple[tuple[bytes, ...], "Question"]:
    from portadoc import base64url
    from portadoc.formats import strict_json
    from portadoc.formats.jws import unverified_claims
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.keys.trust.chain_doctor import Question

    claims = unverified_claims(token)
    header = strict_json.loads_object(base64url.decode(token.partition(".")[0], what="header"), what="header")
    purpose = {
        "statuslist+jwt": KeyPurpose.STATUS,
        "withdrawals+jwt": KeyPurpose.STATUS,
        "oauth-authz-req+jwt": KeyPurpose.REQUEST,
        "openidvci-issuer-metadata+jwt": KeyPurpose.METADATA,
        "verification-receipt+jwt": KeyPurpose.RECEIPT,
        "JOSE": KeyPurpose.TRUST_LIST,
    }.get(str(header.get("typ")), KeyPurpose.CREDENTIAL)
    if purpose is not KeyPurpose.CREDENTIAL:
        return _x5c(header), Question(purpose=purpose, at=0)
    named = {name: claims[name] for name in ("vct", "iss") if isinstance(claims.get(name), str)}
    question = Question(purpose=purpose, at=0, credential_type=named.get("vct"), issuer=named.get("iss"))
    return _x5c(header), question


def _x5c(header: dict[str, Any]) -> tuple[bytes, ...]:
    texts = header.get("x5c", [])
    try:
        return tuple(binascii.a2b_base64(each, strict_mode=True) for each in texts)
    except (TypeError, ValueError) as exc:
        raise Malformed("malformed_token", spec="RFC 7515 §4.1.6", part="x5c", reason="base64") from exc


def _told(diagnosis: "Diagnosis") -> dict[str, Any]:
    message = render(diagnosis.code, {}, language()) if diagnosis.code else None
    told = {name: value for name, value in asdict(diagnosis).items() if value}
    return {**told, "message": {"text": message.text, "action": message.action}} if message else told


def _write_diagnoses(found: tuple["Diagnosis", ...]) -> None:
    """Write what to mend first, then each rule under a header; the first fault is that of the first rule."""
    first = next((each for each in found if each.outcome == "fails"), None)
    if first is None:
        click.secho(render("doctor_sound", {}, language()).text, fg="green", bold=True)
    else:
        fault = render(first.code, {}, language())
        said = {"rule": first.rule, "whose": _whose(first), "fault": fault.text, "remedy": fault.action}
        code = "doctor_mend_first_of" if first.subject else "doctor_mend_first"
        click.secho(printable(render(code, said, language()).text), fg="red", bold=True)
    names = (render(code, {}, language()).text for code in ("doctor_rule", "doctor_result", "doctor_certificate"))
    click.echo("  {:<18}{:<14}{}".format(*names))
    for each in found:
        code, colour = _MARKS[each.outcome]
        mark = click.style(f"{render(code, {}, language()).text:<14}", fg=colour)
        click.echo(f"  {each.rule:<18}{mark}{printable(_whose(each))}".rstrip())
        if each.code:
            message = render(each.code, {}, language())
            click.echo(f"  {'':<18}{message.text} [{each.clause}]\n  {'':<18}{message.action}")


def _whose(diagnosis: "Diagnosis") -> str:
    """Return the common name of the certificate, the whole subject where it has none, and its number."""
    if not diagnosis.subject:
        return ""
    name = re.search(r"(?:^|,)CN=((?:\\.|[^,])+)", diagnosis.subject)
    return f"{name[1] if name else diagnosis.subject} ({diagnosis.serial[:16]})"


def _list_bytes(source: str) -> bytes:
    if not source.startswith("https://"):
        return read_file(source, max_bytes=_MAX_LIST_BYTES)
    from portadoc.fetch import SafeFetch
    from portadoc.formats.trust_lists.reading import media_types
    from portadoc.keys.trust.trust_list import ListForm

    accept = tuple(dict.fromkeys((*media_types(ListForm.LOTE), *media_types(ListForm.ETSI_TL))))
    return SafeFetch().get(source, accept=accept, max_bytes=_MAX_LIST_BYTES, timeout_s=20.0).body


def _list_facts(snapshot: "TrustListSnapshot") -> dict[str, Any]:
    return {
        "uri": snapshot.uri,
        "form": snapshot.form.value,
        "operator": snapshot.operator,
        "territory": snapshot.territory,
        "sequence": snapshot.sequence,
        "issued_at": _moment(snapshot.issued_at),
        "next_update": _moment(snapshot.next_update),
        "signer_sha256": snapshot.signer,
        "omitted": ", ".join(f"{each.place} ({each.reason})" for each in snapshot.omitted) or "none",
    }


def _rows(snapshot: "TrustListSnapshot") -> Iterator[dict[str, Any]]:
    for entity in snapshot.entities:
        for service in entity.services:
            approved = (f"{_moment(each.since)} to {_moment(each.until)}" for each in service.approvals)
            yield {
                "entity": entity.name,
                "identifiers": ", ".join(sorted(entity.identifiers)),
                "country": entity.country,
                "purpose": service.purpose.value,
                "approved": "; ".join(approved) or "never",
                "anchors": len(service.certificates),
            }


def _anchor_row(anchor: Any) -> dict[str, Any]:
    from portadoc.keys.certificates import parse_certificate
    from portadoc.keys.trust.trust_store import anchor_id

    return {
        "anchor": anchor.name,
        "purposes": ", ".join(sorted(anchor.purposes)),
        "from": anchor.trust_list or "trust file",
        "until": _moment(parse_certificate(anchor.certificate).not_after),
        "sha256": anchor_id(anchor.certificate)[:16],
    }


def _authorisation_row(each: Any) -> dict[str, Any]:
    return {
        "institution": each.institution,
        "country": each.country,
        "purposes": ", ".join(sorted(each.purposes)),
        "types": ", ".join(sorted(each.credential_types)) or "-",
        "speaks_for": ", ".join(sorted(each.speaks_for)) or each.institution,
        "since": _moment(each.valid_from),
        "withdrawn": _moment(each.withdrawn_at),
    }


def _problems(problems: Any) -> list[dict[str, str]]:
    return [{"uri": uri, "code": each.code, "reason": each.reason} for uri, each in sorted(problems.items())]


def _moment(seconds: int | None) -> str:
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
