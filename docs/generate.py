"""Write the reference pages from the code itself: commands, settings, codes, endpoints.

``make docs`` runs this; ``tests/test_docs.py`` fails when a page is not what it would write.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from portadoc.catalogue.reasons import GROUP_OF, UNFORESEEN
from portadoc.cli import main
from portadoc.clock import SystemClock
from portadoc.config import ANY, ENVIRONMENT_PREFIX
from portadoc.i18n import LANGUAGES
from portadoc.inspector import core_tables
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import OLD_VCTS
from portadoc.schemas.claims import dotted
from portadoc.schemas.projections import LAYOUTS, PROJECTIONS
from portadoc.schemas.seals import published
from portadoc.serve.app import create_app
from portadoc.serve.house import open_house
from portadoc.serve.settings import SETTINGS_FILE, PortadocSettings, known_settings

DOCS: Final = Path(__file__).resolve().parent
MESSAGES: Final = DOCS.parent / "portadoc" / "messages"
_WIDTH: Final = 100
_NOTE: Final = "\nWritten by `make docs`; changes belong into the code.\n"
_TOUR: Final = "/tour/{attestation}/"
LAYOUTS_IN_USE: Final = {
    "pda1-dc4eu-a": "wallets and issuers of the DC4EU pilot, wwWallet",
    "pda1-dc4eu-b": "DC4EU WP6 rulebook 1.1",
    "pda1-webuild": "WE BUILD PD A1 rulebook 1.0",
    "ehic-dc4eu": "DC4EU, wwWallet, EU reference issuers; WP6 rulebook 1.1 (cards of represented persons)",
    "pid-eudi": "EUDI PID rulebook 1.7",
    "prc": "Portadoc, for the time without a card",
    "coverage-bilateral": "Portadoc, for work in a State with a bilateral agreement",
    "coverage-maintenance": "Portadoc, for work in a State without an agreement",
    "pda1-eudi-issuer": "EU reference issuer (Python)",
    "ehic-eudi-issuer": "EU reference verifier, mdoc twin of the EU reference issuer (Python)",
    "pda1-pilot-v0": "first payloads of the DC4EU pilot, API 2.8",
    "ehic-pilot-v0": "first payloads of the DC4EU pilot, API 2.8",
}
_LANGUAGE_NAMES: Final = {"en": "English", "fr": "Français"}


def cli_page() -> str:
    """Return the page of every command with its options."""
    sections = [
        "# Commands",
        _NOTE,
        "Exit codes: 0 ok, 1 not valid, 2 wrong use, 3 unavailable or not established (amber), 4 misconfigured. "
        "With `--json`, standard output holds one JSON object and nothing else; messages go to standard error.\n",
    ]
    root = click.Context(main, info_name="portadoc", terminal_width=_WIDTH, **main.context_settings)
    for path, usage in _commands(main, root):
        sections.append(f"## {path}\n\n```text\n{usage}\n```\n")
    return "\n".join(sections)


def config_page() -> str:
    """Return the page of every setting with its default, its variable and its meaning."""
    rows = (
        (f"`{name}`", f"`{default}`" if default else "", _variable(name), meaning)
        for name, (default, meaning) in known_settings().items()
    )
    return "\n".join(
        (
            "# Settings",
            _NOTE,
            f"A setting stands in `{SETTINGS_FILE}` of the working folder (or in the file that `--config` names), "
            "in the environment, or on the command line; the later wins. Dots are tables in the file and two "
            "underscores in a variable. `*` is the slug of an institution. `portadoc config show` says what is in "
            "force and where it comes from; an unknown name is refused with the nearest one that exists.\n",
            *_table(("setting", "default", "variable", "meaning"), rows),
            "",
        )
    )


def codes_page() -> str:
    """Return the page of every code with its sentence and advice in every language."""
    sections = [
        "# Codes",
        _NOTE,
        "Every refusal and every check has a stable code, a sentence and advice. `{names}` are filled in when a "
        "sentence is shown; they never carry a claim, a token or a key. A code with a reason is written "
        "`code.reason`, such as `kb_invalid.nonce`.\n",
    ]
    for file in sorted((MESSAGES / LANGUAGES[0]).glob("*.json")):
        catalogues = {language: _catalogue(language, file.name) for language in LANGUAGES}
        rows = (
            (f"`{code}`", *(_sentence(catalogues[language][code]) for language in LANGUAGES))
            for code in sorted(catalogues[LANGUAGES[0]])
        )
        sections.append(f"## {file.stem.replace('_', ' ').capitalize()}\n")
        sections += [*_table(("code", *(_LANGUAGE_NAMES[each] for each in LANGUAGES)), rows), ""]
    return "\n".join(sections)


def endpoints_page() -> str:
    """Return the page of every address that ``portadoc serve`` answers."""
    return "\n".join(
        (
            "# Endpoints",
            _NOTE,
            "What `portadoc serve` answers. Addresses with `/management/` answer calls from the same machine "
            "only, whatever the server listens on, and never a forwarded request. Errors are problem documents "
            "(RFC 9457), or what the protocol of the address asks for.\n",
            *_table(("method", "address", "what it does"), sorted(_endpoints(), key=lambda row: row[1::-1])),
            "",
        )
    )


def dialects_page() -> str:
    """Return the page of every claim layout that is read."""
    layouts = (
        (f"`{id_}`", f"`{layout.vct}`", "yes" if id_ in PROJECTIONS else "no", LAYOUTS_IN_USE[id_])
        for id_, layout in LAYOUTS.items()
    )
    older = ((f"`{old}`", f"`{new}`") for old, new in OLD_VCTS.items())
    renamed = (
        (f"`{id_}`", f"`{dotted(place)}`", f"`{dotted(claim.path)}`")
        for id_, layout in LAYOUTS.items()
        for claim in layout.claims
        for place in claim.also
    )
    return "\n".join(
        (
            "# Dialects",
            _NOTE,
            "Attestations of one kind come in several claim layouts. The layout is told by type and shape, the "
            "claims are read into one record, and every place where they deviate is listed in the report with a "
            "code. What cannot be told apart is refused with `layout_unknown`, another type with `vct_unknown`.\n",
            *_table(("layout", "type", "issued here", "in use with"), layouts),
            "\n## Older types\n",
            "Accepted when reading; the report says which type took their place. A domestic type of PID "
            "(`urn:eudi:pid:<country>:1`) is read as the type that it extends.\n",
            *_table(("older type", "now"), older),
            "\n## Older names of claims\n",
            "Read all the same, with the deviation `claim_renamed`.\n",
            *_table(("layout", "found", "expected"), renamed),
            "\n## Not read\n",
            "The W3C credential `VerifiablePortableDocumentA1` of EBSI, ISO mdoc twins and EESSI messages (SED): "
            "they are no SD-JWT VC. Draft 0.1 of the WE BUILD layout: 1.0 took its place.",
            "",
        )
    )


def reasons_module() -> str:
    """Return the TypeScript module that says which reason people read for a code."""
    rows = (f"  {json.dumps(code)}: {json.dumps(group)}," for code, group in sorted(GROUP_OF.items()))
    return "\n".join(
        (
            "// Written by `make docs` from portadoc/catalogue/reasons.py; changes belong there.",
            "",
            "export const REASON_GROUPS: Readonly<Record<string, string>> = {",
            *rows,
            "};",
            "",
            f"export const UNFORESEEN = {json.dumps(UNFORESEEN)};",
            "",
            "export function reasonGroup(code: string, reason?: string): string {",
            "  return REASON_GROUPS[`${code}.${reason}`] ?? REASON_GROUPS[code] ?? UNFORESEEN;",
            "}",
            "",
        )
    )


MODULES: Final[Mapping[str, Callable[[], str]]] = {
    "inspector/core/generated/reasons.ts": reasons_module,
    "inspector/core/generated/seal_labels.ts": published.typescript,
    "docs/seal.cddl": published.cddl,
    **{f"inspector/core/generated/{name}": write for name, write in core_tables.TABLES.items()},
}
"""Modules of the inspector's app and other files that are written from tables of the product, by their path."""

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference-cli.md": cli_page,
    "reference-config.md": config_page,
    "reference-codes.md": codes_page,
    "reference-endpoints.md": endpoints_page,
    "dialects.md": dialects_page,
}


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, "a listed command exists"
            yield from _commands(
                below, click.Context(below, info_name=name, parent=context, terminal_width=_WIDTH)
            )


def _variable(name: str) -> str:
    """Return the variable of a setting; none where the operator chooses a part of the name."""
    return "" if ANY in name else f"`{ENVIRONMENT_PREFIX}{name.upper().replace('.', '__')}`"


def _catalogue(language: str, file: str) -> Mapping[str, Mapping[str, str]]:
    return dict(json.loads((MESSAGES / language / file).read_text(encoding="utf-8")))


def _sentence(entry: Mapping[str, str]) -> str:
    return f"{entry['text']} *{entry['action']}*" if entry.get("action") else entry["text"]


def _endpoints() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory(prefix="portadoc-docs-") as folder:
        settings = PortadocSettings(data_dir=Path(folder))
        with open_house(
            settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
        ) as house:
            yield from _routes(create_app(house).routes)


def _routes(routes: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield method, address and meaning of each route; an included router keeps its routes to itself."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes)
            continue
        for method in sorted(route.methods - {"HEAD"}):
            yield method, f"`{route.path}`", _meaning(route)


def _meaning(route: Any) -> str:
    """Return the first line of an endpoint's docstring, else its name as words."""
    if route.path.startswith(_TOUR):
        return f"step of the guided tour: {route.path.rpartition('/')[2]}"
    first_line = (route.endpoint.__doc__ or "").strip().partition("\n")[0]
    return first_line or str(route.endpoint.__name__).strip("_").replace("_", " ")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("\n", " ").replace("``", "`")


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
    for module, write in MODULES.items():
        (DOCS.parent / module).write_text(write(), encoding="utf-8")
