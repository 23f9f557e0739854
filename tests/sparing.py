"""What the tests are spared because they make hundreds of installations in one process, where users make one."""

import os
import shutil
from collections.abc import Callable, Sequence
from functools import lru_cache
from inspect import Signature
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any, Final

from fastapi import routing
from fastapi._compat import v2
from fastapi.dependencies import utils
from pydantic import TypeAdapter

_PLAIN: Final = v2.ModelField.__post_init__
_LOOK: Final = routing._build_dependant_with_parameterless_dependencies
_MADE: dict[str, TypeAdapter[Any]] = {}


def spare_applications() -> None:
    """Let the applications of one process share what FastAPI makes out of their code: it is the same in each."""
    share_path_parameters()
    share_looks_at_endpoints()
    utils._get_signature = _of_each_code(utils._get_signature)
    utils.get_typed_signature = _of_each_code(utils.get_typed_signature)
    routing.compile_path = lru_cache(maxsize=1024)(routing.compile_path)


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


def share_looks_at_endpoints() -> None:
    """Let each endpoint be looked at once, instead of again for each router around it.

    FastAPI makes out what an endpoint wants when its route is made, and anew when the router of that route is
    included somewhere. What comes of it hangs on the endpoint, its address and what else is demanded there.
    """
    looked = lru_cache(maxsize=1024)(  # a few applications; what is kept longer keeps installations alive
        lambda path, call, dependencies: _LOOK(path=path, call=call, dependencies=dependencies)
    )

    def look_once(*, path: str, call: Callable[..., Any], dependencies: Sequence[Any]) -> Any:
        return looked(path, call, tuple(dependencies))

    routing._build_dependant_with_parameterless_dependencies = look_once


def _of_each_code(read: Callable[[Callable[..., Any]], Signature]) -> Callable[[Callable[..., Any]], Signature]:
    """Return what reads the signature of a function once for each code, annotations and defaults."""
    kept: dict[tuple[CodeType, bool], tuple[tuple[Any, ...], Signature]] = {}

    def read_once(call: Callable[..., Any]) -> Signature:
        plain = call.__func__ if isinstance(call, MethodType) else call
        if not isinstance(plain, FunctionType) or hasattr(plain, "__wrapped__"):
            return read(call)
        told = (
            *plain.__annotations__.values(),
            *(plain.__defaults__ or ()),
            *(plain.__kwdefaults__ or {}).values(),
        )
        key = (plain.__code__, plain is call)
        before, signature = kept.get(key, ((), None))
        if (
            signature is None
            or len(before) != len(told)
            or any(a is not b for a, b in zip(before, told, strict=True))
        ):
            signature = read(call)
            kept[key] = (told, signature)
        return signature

    return read_once


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
