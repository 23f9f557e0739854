"""What commands read: a file, standard input or the argument itself, bounded; and options that stand for times."""

import os
import sys
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from portadoc.errors import Malformed
from portadoc.formats.numeric_date import LATEST

MAX_INPUT_BYTES: Final = 1024 * 1024
STDIN: Final = "-"
INPUT_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True)


def read_file(path: str, *, max_bytes: int = MAX_INPUT_BYTES) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``. Raises Malformed[limit_exceeded]."""
    if path == STDIN:
        raw = sys.stdin.buffer.read(max_bytes + 1)
    else:
        with open(path, "rb") as file:
            raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise Malformed("limit_exceeded", what="input", limit=max_bytes)
    return raw


def read_text(path: str) -> str:
    """Return the text of a file of tokens, without white space around it; wrong bytes stay visible as such."""
    return read_file(path).decode("utf-8", "replace").strip()


def read_anything(argument: str, *, max_bytes: int = MAX_INPUT_BYTES) -> bytes:
    """Return what an argument stands for: standard input, a file of that name, else the argument itself."""
    if argument == STDIN or os.path.isfile(argument):
        return read_file(argument, max_bytes=max_bytes)
    return argument.encode("utf-8", "surrogateescape")


class Moment(click.ParamType[int]):
    """A time: ISO 8601 (UTC unless it says otherwise) or seconds since the epoch; becomes the latter."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            seconds = int(value) if str(value).isdecimal() else _iso_seconds(str(value))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither ISO 8601 nor seconds since 1970", param, ctx)
        if not 0 <= seconds <= LATEST:
            self.fail(f"{value!r} lies outside the years 1970 to 9999", param, ctx)
        return seconds


class Day(click.ParamType[date]):
    """A day as ISO 8601, such as 2026-11-22."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-11-22", param, ctx)


class State(click.ParamType[str]):
    """A State whose A1 certificates can be asked about, as a code of two letters; EL and UK are known too."""

    name = "state"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from portadoc.schemas.codes import PDA1_STATES, canonical_country

        code = canonical_country(str(value).upper())
        if code not in PDA1_STATES:
            self.fail(f"{value!r} is not the two-letter code of a State, such as DE or FR", param, ctx)
        return code


def _iso_seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
