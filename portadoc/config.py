"""Settings: read once by the composition root from three places, the later over the earlier.

1. ``portadoc.toml``;
2. the environment (``PORTADOC_ISSUER__BASE_URL`` is ``issuer.base_url``);
3. what the command line says.

Each room owns the model of its settings; this module only gathers the values, refuses a name that no model knows,
and remembers where each value came from.
"""

import difflib
import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portadoc.errors import Misconfigured

ENVIRONMENT_PREFIX: Final = "PORTADOC_"
ANY: Final = "*"
"""In a known name: a part that the operator chooses, such as the slug of an institution."""

_SECRET_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from: ``file``, ``environment`` or ``command line``."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting that somebody made, by dotted name. What nobody made is left to the models' defaults."""

    by_name: Mapping[str, Setting]

    def tree(self) -> dict[str, Any]:
        """Return the values as nested tables, ready for a model to check."""
        root: dict[str, Any] = {}
        for name, setting in self.by_name.items():
            *tables, last = name.split(".")
            table = root
            for part in tables:
                table = table.setdefault(part, {})
            table[last] = setting.value
        return root

    def explain(self) -> tuple[tuple[str, Any, str], ...]:
        """Return name, value and source of each setting, by name."""
        return tuple((name, made.value, made.source) for name, made in sorted(self.by_name.items()))


def load_settings(
    *,
    known: Collection[str],
    file: Path | None,
    environment: Mapping[str, str],
    command_line: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the settings of all three places; values from the environment are texts.

    ``known`` holds the dotted names of all settings, ``institutions.*.name`` for a part that is free.
    Raises: Misconfigured[setting_unknown] with the nearest name, [settings_file_unreadable].
    """
    places: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("file", {} if file is None else dict(_flat(_read_toml(file), known, ()))),
        ("environment", _from_environment(environment, known)),
        ("command line", command_line or {}),
    )
    gathered: dict[str, Setting] = {}
    for source, values in places:
        for name, value in values.items():
            _require_known(name, known, source)
            gathered[name] = Setting(value, source)
    return Settings(gathered)


def read_secret(uri: str, *, environment: Mapping[str, str]) -> bytes:
    """Return the secret that ``env:NAME`` or ``file:/absolute/path`` points to, without a final line break.

    Raises: Misconfigured[secret_uri_unsupported], [secret_missing], [secret_exposed] when others than the owner
    may read the file.
    """
    scheme, _, place = uri.partition(":")
    if scheme == "env" and place:
        if not environment.get(place):
            raise Misconfigured("secret_missing", place=place)
        return environment[place].encode("utf-8", "surrogateescape")
    if scheme == "file" and place.startswith("/"):
        return _read_secret_file(place)
    raise Misconfigured("secret_uri_unsupported")


def _read_secret_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise Misconfigured("secret_exposed", place=path)
            secret = file.read(_SECRET_BYTES).removesuffix(b"\n").removesuffix(b"\r")
    except OSError as exc:
        raise Misconfigured("secret_missing", place=path) from exc
    if not secret:
        raise Misconfigured("secret_missing", place=path)
    return secret


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise Misconfigured("settings_file_unreadable", file=file.name, reason=type(exc).__name__) from exc


def _flat(table: Mapping[str, Any], known: Collection[str], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = ".".join((*above, key))
        if isinstance(value, dict) and not _is_known(name, known):
            yield from _flat(value, known, (*above, key))
        else:
            yield name, value


def _from_environment(environment: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    found = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
        # Without a table the variable may belong to somebody else (PORTADOC_VECTORS is for the tests).
        if "." in name or name in known:
            found[name] = value
    return found


def _require_known(name: str, known: Collection[str], source: str) -> None:
    if not _is_known(name, known):
        nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
        raise Misconfigured("setting_unknown", name=name, source=source, nearest=nearest[0] if nearest else "")


def _is_known(name: str, known: Collection[str]) -> bool:
    parts = name.split(".")
    return name in known or any(_fits(parts, pattern.split(".")) for pattern in known if ANY in pattern)


def _fits(parts: list[str], pattern: list[str]) -> bool:
    return len(parts) == len(pattern) and all(p in (ANY, part) for part, p in zip(parts, pattern, strict=True))
