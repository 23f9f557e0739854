"""What the tests are spared because they make hundreds of installations in one process, where users make one."""

import os
import shutil
from pathlib import Path
from typing import Any, Final

from fastapi._compat import v2
from pydantic import TypeAdapter

_PLAIN: Final = v2.ModelField.__post_init__
_MADE: dict[str, TypeAdapter[Any]] = {}


def share_path_parameters() -> None:
    """Let all routes of all applications read a plain text by one adapter for each name, instead of one each.

    FastAPI makes an adapter for every parameter of every route of every application. It depends on what is told of
    the parameter and on nothing else; only text without any condition is shared here.
    """

    def made_once(field: v2.ModelField) -> None:
        told = v2.asdict(field.field_info)
        if told["annotation"] is not str or told["metadata"] or field.config is not None:
            _PLAIN(field)
            return
        key = repr(told["attributes"])
        if " at 0x" in key:  # something that is told by its address, which another thing may have later
            _PLAIN(field)
            return
        if key not in _MADE:
            _PLAIN(field)
            _MADE[key] = field._type_adapter
        field._type_adapter = _MADE[key]

    v2.ModelField.__post_init__ = made_once  # type: ignore[method-assign]


def copy_installation(made: Path, folder: Path) -> None:
    """Lay a copy of an installation that was closed again into ``folder``: to make one takes ten times as long.

    Keys are linked: whoever writes a key writes a new file and puts it into the place of the old one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for each in made.iterdir():
        if each.name == "keys":
            shutil.copytree(each, folder / each.name, copy_function=os.link)
        elif each.is_dir():
            shutil.copytree(each, folder / each.name)
        elif not each.name.endswith(("-wal", "-shm")):
            shutil.copy2(each, folder / each.name)
