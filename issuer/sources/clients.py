"""Sources prove who they are with an assertion that their key signs, and get an access token of a few minutes.

Spec: RFC 7523 §2.2, §3; RFC 6749 §3.3, §4.4; RFC 6750.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portadoc.errors import Malformed, Refused, Unavailable, Untrusted
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.sources import source_store
from portadoc.issuer.sources.source_settings import SourceVerb
from portadoc.issuer.sources.source_store import StoredToken
from portadoc.issuer.store import code_store
from portadoc.issuer.store.single_use import Once, use_once
from portadoc.issuer.throttle import source_tag
from portadoc.openid_connect.client_assertions import CODE, check_client_assertion, registered_key
from portadoc.storage.installation import digest

RATE_WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class SourceToken:
    """An access token, told once."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source that has proved who it is, and what its token lets it do."""

    institution: str
    client_id: str
    verbs: frozenset[SourceVerb]

    def require(self, verb: SourceVerb) -> None:
        """Let through what is listed. Raises Refused[source_verb_denied]."""
        if verb not in self.verbs:
            raise Refused("source_verb_denied", spec="RFC 6750 §3.1", verb=verb.value)


class Clients:
    """The sources of the settings. Raises Misconfigured[machine_key_unusable] when made."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._sources = {each.client_id: each for each in deployment.settings.sources}
        self._keys = {each.client_id: registered_key(each.client_id, each.jwk) for each in self._sources.values()}

    def token_path(self, institution: str) -> str:
        """Return the address of an institution's token endpoint, which assertions name as ``aud``."""
        return f"{self._deployment.issuer_id(institution)}/source/token"

    def token(self, institution: str, form: Mapping[str, str]) -> SourceToken:
        """Return a new access token for the unverified parameters of a token request.

        Raises Refused[not_found]; Malformed[grant_type_unsupported], [source_scope_unknown]; Untrusted
        [client_assertion_refused] with a reason.
        """
        here, now = self._deployment, self._deployment.clock.now()
        here.institution(institution)
        if form.get("grant_type") != "client_credentials":
            raise Malformed("grant_type_unsupported", spec="RFC 6749 §5.2")
        # 1. From a source of this institution, for this institution, now, not for long.
        theirs = {name: key for name, key in self._keys.items() if self._sources[name].institution == institution}
        proved = check_client_assertion(form, keys=theirs, audiences=(self.token_path(institution),), now=now)
        # 2. For some of what it may do, or for all of it.
        verbs = _wanted(form.get("scope"), self._sources[proved.client_id].verbs)
        # 3. Not used before; only now is a token made.
        access_token, lifetime = here.new_secret(), here.settings.source_token_s
        with here.database.transaction() as connection:
            used = digest(f"{proved.client_id}:{proved.jti}")
            fresh = use_once(connection, institution, Once.CLIENT_ASSERTION, used, expires_at=proved.keep_until)
            if fresh:
                source_store.insert_token(
                    connection,
                    StoredToken(institution, proved.client_id, " ".join(verbs)),
                    token_digest=digest(access_token),
                    expires_at=now + lifetime,
                )
        if not fresh:
            raise Untrusted(CODE, spec="RFC 7523 §3 (7)", reason="replayed")
        return SourceToken(access_token, lifetime, " ".join(verbs))

    def source(self, institution: str, access_token: str) -> Source:
        """Return the source behind an access token, with what token and settings both let it do.

        Raises Untrusted[source_token_refused]; Refused[not_found] at an institution that is not its own (J02).
        """
        here = self._deployment
        with here.database.read() as connection:
            stored = source_store.find_token(connection, digest(access_token), now=here.clock.now())
        settings = None if stored is None else self._sources.get(stored.client_id)
        if stored is None or settings is None or settings.institution != stored.institution:
            raise Untrusted("source_token_refused", spec="RFC 6750 §3.1")
        if stored.institution != institution:
            raise Refused("not_found")
        verbs = frozenset(settings.verbs) & frozenset(map(SourceVerb, stored.verbs.split()))
        return Source(institution, stored.client_id, verbs)

    def count(self, who: str) -> None:
        """Count a request of a source or an address. Raises Unavailable[requests_throttled]."""
        here, now = self._deployment, self._deployment.clock.now()
        allowed, tag = here.settings.source_requests_per_minute, self._tag(who)
        with here.database.transaction() as connection:
            asked, since = code_store.misses_of(connection, tag, now=now, window_s=RATE_WINDOW_S)
            if asked < allowed:
                code_store.note_misses(connection, tag, asked + 1, since=since)
                return
        raise Unavailable("requests_throttled", retry_after_s=since + RATE_WINDOW_S - now, limit=allowed)

    def _tag(self, who: str) -> str:
        first = next(iter(self._deployment.settings.by_slug), None)
        if first is None:  # nobody issues here: there is nothing to ask for
            raise Refused("not_found")
        return source_tag(self._deployment, first, "source rate", who)


def _wanted(scope: str | None, allowed: tuple[SourceVerb, ...]) -> tuple[str, ...]:
    """Return the verbs that a token is for. Raises Malformed[source_scope_unknown]. Spec: RFC 6749 §3.3."""
    may = [each.value for each in allowed]
    if scope is None:
        return tuple(dict.fromkeys(may))
    wanted = tuple(dict.fromkeys(scope.split(" ")))
    if not set(wanted) <= set(may):
        raise Malformed("source_scope_unknown", spec="RFC 6749 §5.2")
    return wanted
