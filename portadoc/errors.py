"""The one error tree. A family says what the caller can do; the code says what happened.

Error
├── Malformed      fix the bytes: they do not have the form that the specification asks for
├── Untrusted      do not believe: a signature, chain, digest or binding does not hold
├── Refused        a rule or policy said no
├── Conflict       expired, used, wrong state
├── Unavailable    retry later (``retry_after_s``)
└── Misconfigured  the operator has to mend it

``code`` is a stable snake_case word; its sentences live in ``portadoc/messages``. ``params`` fill those
sentences and are shown and logged: they never carry a claim value, a token or a key.
"""

from collections.abc import Mapping

Param = str | int


class Error(Exception):
    """Carry a stable code, the values for its sentence and the clause that was broken."""

    def __init__(self, code: str, /, *, spec: str | None = None, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.spec = spec
        self.params: Mapping[str, Param] = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        clause = f" [{self.spec}]" if self.spec else ""
        return f"{self.code}{clause}" + (f" ({details})" if details else "")


class Malformed(Error):
    """The bytes do not have the form that the specification asks for."""


class Untrusted(Error):
    """A signature, chain, digest or binding does not hold."""


class Refused(Error):
    """A rule or policy said no."""


class Conflict(Error):
    """The thing is expired, already used or in the wrong state."""


class Unavailable(Error):
    """Something that is needed cannot be had now; the same call may succeed after ``retry_after_s`` seconds."""

    def __init__(self, code: str, /, *, retry_after_s: int = 5, spec: str | None = None, **params: Param) -> None:
        super().__init__(code, spec=spec, **params)
        self.retry_after_s = retry_after_s


class Misconfigured(Error):
    """The operator has to mend a setting, a key or a file."""
