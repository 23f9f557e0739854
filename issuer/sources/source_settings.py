"""What an operator may set about authentic sources: who they are, and what each may do for its institution."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from portadoc.web.settings import Settings


class SourceVerb(StrEnum):
    """What a source may do; what is not listed for it, it may not."""

    READ = "read"
    KEEP = "keep"
    OFFER = "offer"
    REISSUE = "reissue"
    PROLONG = "prolong"
    CORRECT = "correct"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    EXPECT = "expect"


class SourceSettings(Settings):
    """One system of one institution, and the key by which it proves who it is."""

    client_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")
    """What it calls itself, in ``iss`` and ``sub`` of its assertions."""
    institution: str
    """Slug of the institution whose records it keeps; every other one is not there for it."""
    jwk: dict[str, Any]
    """Its public key: EC on P-256 or P-384, or RSA of 2048 bits at least."""
    verbs: tuple[SourceVerb, ...] = Field(min_length=1)
    """What it may do."""
