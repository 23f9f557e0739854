"""Reading the law as data: OpenFisca's layout of dated values, in YAML files beside this module.

A file is a tree. A leaf has ``values``: from each day, a ``value`` with its ``metadata`` (``reference``: title
and href; ``verified``: whether the text itself was read). Everything else but ``description`` and ``unit`` is a
branch.
A null value ends a parameter.

Spec: OpenFisca, "Legislation parameters" (description, unit, values, metadata)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

import yaml

from portadoc.errors import Misconfigured

Value = int | float | bool | str | frozenset[str] | None

_WORDS: Final = frozenset({"description", "unit", "documentation"})
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class DatedValue:
    """What holds from ``since`` on, and where it is written."""

    since: date
    value: Value
    reference: str
    href: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    description: str
    unit: str
    values: tuple[DatedValue, ...]


@dataclass(frozen=True, slots=True)
class PackFile:
    """One instrument: the regimes that it serves, when it is in force and how its articles are numbered."""

    id: str
    title: str
    instrument: str
    regimes: tuple[str, ...]
    in_force_from: date | None
    in_force_to: date | None
    switched_on: bool
    verified: bool
    reference: str
    exception_possible: bool
    decides: bool
    articles: Mapping[str, str] | None
    parameters: tuple[Parameter, ...]


def law_folder() -> Traversable:
    return resources.files("portadoc.rules.law")


def read_parameters(folder: Traversable) -> tuple[Parameter, ...]:
    """Read every file of ``parameters`` and ``tables``; the file's name is the first part of each name.

    Raises Misconfigured[law_malformed] for a value without a day, a reference or a ``verified`` flag.
    """
    found: dict[str, Parameter] = {}
    for kind in ("parameters", "tables"):
        for file in sorted((folder / kind).iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".yaml"):
                tree = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
                for parameter in _leaves(tree, file.name.removesuffix(".yaml")):
                    if parameter.name in found:
                        raise _malformed(parameter.name)
                    found[parameter.name] = parameter
    return tuple(found.values())


def read_packs(folder: Traversable) -> tuple[PackFile, ...]:
    files = sorted((folder / "packs").iterdir(), key=lambda entry: entry.name)
    return tuple(_pack(file) for file in files if file.name.endswith(".yaml"))


def _leaves(tree: Any, name: str) -> Iterator[Parameter]:
    if not isinstance(tree, dict):
        raise _malformed(name)
    if "values" in tree:
        yield _parameter(tree, name)
        return
    for key, branch in tree.items():
        if key not in _WORDS:
            yield from _leaves(branch, f"{name}.{key}")


def _parameter(leaf: Mapping[str, Any], name: str) -> Parameter:
    try:
        dated = [_dated(since, entry) for since, entry in leaf["values"].items()]
        return Parameter(
            name,
            str(leaf["description"]),
            str(leaf.get("unit", "")),
            tuple(sorted(dated, key=lambda one: one.since)),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as exc:
        raise _malformed(name) from exc


def _dated(since: Any, entry: Mapping[str, Any]) -> DatedValue:
    metadata = entry["metadata"]
    source = metadata["reference"]
    value = entry["value"]
    if not isinstance(since, date) or not isinstance(metadata["verified"], bool) or not source["title"]:
        raise TypeError("values")
    return DatedValue(
        since,
        frozenset(value) if isinstance(value, list) else value,
        str(source["title"]),
        str(source.get("href", "")),
        metadata["verified"],
    )


def _pack(file: Traversable) -> PackFile:
    tree = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    try:
        return PackFile(
            id=tree["id"],
            title=tree["title"],
            instrument=tree["instrument"],
            regimes=tuple(tree["regimes"]),
            in_force_from=tree["in_force_from"],
            in_force_to=tree["in_force_to"],
            switched_on=tree["switched_on"],
            verified=tree["metadata"]["verified"],
            reference=tree["metadata"]["reference"]["title"],
            exception_possible=tree["exception_possible"],
            decides=tree["decides"],
            articles=tree["articles"],
            parameters=tuple(
                parameter
                for name, branch in (tree.get("parameters") or {}).items()
                for parameter in _leaves(branch, name)
            ),
        )
    except (KeyError, TypeError) as exc:
        raise _malformed(file.name) from exc


def _malformed(name: str) -> Misconfigured:
    return Misconfigured("law_malformed", name=name)


def content_version(root: Traversable) -> str:
    """Return the SHA-256 over every rule and every figure: the same number only for the same law and procedure."""
    digest = sha256()
    for path, file in sorted(_files(root, "")):
        digest.update(path.encode() + b"\0" + sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".yaml")):
            yield f"{prefix}{entry.name}", entry
