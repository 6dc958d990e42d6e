"""What gateway.toml says, as immutable values: the one shape that the rest of the house reads.

Durations are `timedelta`, sizes are bytes, secrets are `Secret` (never printed). Nothing here
reads a file; `parse.py` builds these values and `snapshot.py` compiles them. Imports policies only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.settings.positions import Lines
from gateway.texts.catalog import N_, OwnText
from policies.mobiles import HOME
from policies.passwords import Forbidden, Sort
from policies.routes import Route
from policies.signs import Signs, parse_signs

if TYPE_CHECKING:
    from gateway.settings.ldap import Ldap
    from gateway.settings.phones import Way


class Secret:
    """A secret value whose `repr` and `str` never show it; `reveal()` is greppable.

    `is_literal`: it stands in gateway.toml itself. `file` is the one that it was read from.
    """

    __slots__ = ("_value", "file", "is_literal")

    def __init__(self, value: str, *, is_literal: bool = False, file: Path | None = None) -> None:
        self._value: Final = value
        self.is_literal: Final = is_literal
        self.file: Final = file

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so long: `"5/5m"`."""

    count: int
    period: timedelta


@dataclass(frozen=True, slots=True)
class HostPort:
    """A TCP address to listen on or to call. IPv6 hosts stand without brackets."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """What browsers call us. `host` is lower case; `origin` is the RFC 6454 serialisation."""

    scheme: str
    host: str
    port: int
    origin: str

    @property
    def is_https(self) -> bool:
        """Whether cookies are Secure and `__Host-`."""
        return self.scheme == "https"


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate chain and key of the public listener, as PEM files."""

    certificate: Path
    key: Path


DRAIN_TIMEOUT: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Listen:
    """`[listen]`. `workers` 0 means one a core (`"auto"`).

    After SIGTERM everything is served for `drain_delay`, and what is then under way has
    `drain_timeout` to end.
    """

    address: tuple[HostPort, ...]
    trusted_proxies: tuple[str, ...]
    proxy_protocol: bool
    workers: int
    tls: Tls | None
    drain_delay: timedelta | None = None
    drain_timeout: timedelta = DRAIN_TIMEOUT

    @property
    def drain_delay_s(self) -> float:
        """Seconds between SIGTERM and the drain."""
        return self.drain_delay.total_seconds() if self.drain_delay else 0.0


LONGEST_HEAD: Final = 1024 * 1024
"""The most that `limits.head` may say, in bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`[limits]`: how much a stranger may ask of one connection or one address."""

    head: int = 64 * 1024
    fields: int = 128
    url: int = 16 * 1024
    body: int = 10 * 1024**3
    head_timeout: timedelta = timedelta(seconds=10)
    idle_timeout: timedelta = timedelta(seconds=75)
    connections_per_address: int = 2000


@dataclass(frozen=True, slots=True)
class Session:
    """`[session]`. `grace`: how long warm sessions go on while Redis is away.

    `shortest_idle` is the shortest `idle` of any route, None when no route has one.
    """

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=10)
    max_per_user: int = 10
    grace: timedelta = timedelta(minutes=5)
    shortest_idle: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """`[one_time_password]`. `text` may hold {code}, {organisation}, {minutes}, {host}."""

    digits: int = 6
    lifetime: timedelta = timedelta(minutes=5)
    attempts: int = 5
    resend_after: timedelta = timedelta(seconds=30)
    resends: int = 3
    text: str = N_("{code} is your one-time password for {organisation}.")


@dataclass(frozen=True, slots=True)
class Lockout:
    """`[lockout]`: failures in a window, and how long each further lock lasts."""

    user_and_address: Rate = Rate(5, timedelta(minutes=5))
    address: Rate = Rate(50, timedelta(minutes=5))
    user: Rate = Rate(50, timedelta(hours=1))
    lock: tuple[timedelta, ...] = (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
    )
    codes_per_day: int = 100


@dataclass(frozen=True, slots=True)
class Password:
    """`[password]`: what employees' passwords must hold, and what they may not be made of.

    `require` and `forbid` hold each word once, in the order of its enumeration.
    """

    min_length: int = 7
    require: tuple[Sort, ...] = tuple(Sort)
    allowed: Signs = field(default_factory=lambda: parse_signs("A-Za-z0-9"))
    forbid: tuple[Forbidden, ...] = tuple(Forbidden)
    forbidden_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SelfService:
    """`[self_service]`: what employees may do without calling anybody.

    `first_logon` names the network where a user without a number gets in. `change_mobile` is
    "corporate" or "corporate-or-code". With `prove_mobile` a new number counts after a code.
    `region` (ISO 3166-1) is where a number without a country code belongs. For `cool_down` after a
    reset a number is changed in the corporate network only.
    """

    first_logon: str = "corporate"
    change_mobile: str = "corporate-or-code"
    prove_mobile: bool = False
    reset: bool = True
    cool_down: timedelta = timedelta(hours=24)
    region: str = HOME


@dataclass(frozen=True, slots=True)
class SmsBudget:
    """`[sms_budget]`: how many messages may leave, in how long.

    `number` and `user` are counted by what the message is for (codes, resets, notices), so that
    one kind cannot use up another's; `address` and `total` over all kinds. `resets` is how often
    anybody may ask for a new password of one user.
    """

    number: Rate = Rate(20, timedelta(hours=1))
    user: Rate = Rate(100, timedelta(days=1))
    resets: Rate = Rate(5, timedelta(hours=1))
    address: Rate = Rate(500, timedelta(hours=1))
    total: Rate = Rate(5_000, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Directory:
    """`[directory]`. `url` is an SQLAlchemy async URL; sqlite is turned into one by the reader.

    With `ldap` users are there, and the database holds only what is ours. `region` is where a
    number without a country code belongs.
    """

    kind: str
    url: Secret
    ldap: Ldap | None = None
    region: str = HOME


@dataclass(frozen=True, slots=True)
class BrandFile:
    """A picture or a style sheet of `[branding] directory`, by its name in there."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnLook:
    """What `[branding] directory` holds: files, texts, and names of files that are not read."""

    directory: Path | None = None
    files: tuple[BrandFile, ...] = ()
    texts: tuple[OwnText, ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branding:
    """`[branding]`: the names that pages and messages show, and how they look and sound.

    `content_email` is whom to ask whether something may be passed on.
    """

    organisation: str = "Securitas"
    portal: str = "Medarbetarportalen"
    support_email: str = "medarbetare@securitas.se"
    content_email: str = "marknad@securitas.se"
    default_language: str = "en"
    own: OwnLook = field(default_factory=OwnLook)


@dataclass(frozen=True, slots=True)
class Debug:
    """`[debug]`. `networks`: who may ask which configuration an answer was made under."""

    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assertion:
    """`[assertion]`: the keys that sign it. `rotate`: how long each of them signs."""

    rotate: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """`[telemetry]`. `traces` is the collector's URL (OTLP over HTTP), None for no traces at all.

    `sample` is the part of requests that are recorded. `continue_from_proxies`: whether a trusted
    proxy says which trace a request is in, and whether it is recorded.
    """

    traces: str | None = None
    sample: float = 0.01
    continue_from_proxies: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """`[log]`. `form` is "human" or "json"; `level` the least that is written."""

    form: str = "human"
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Upstream:
    """`[[upstream]]`: one application behind us.

    `identity` maps a field name to a template with {user}, {name}, {email} or {groups}.
    `assertion`: whether it gets X-Gateway-Assertion.
    `tls_ca` is the certificate authority (PEM) of its https addresses; None: the machine's.
    """

    name: str
    urls: tuple[UpstreamUrl, ...]
    host: str  # "preserve" | "upstream"
    identity: tuple[tuple[str, str], ...]
    connect_timeout: timedelta
    first_byte_timeout: timedelta
    idle_timeout: timedelta
    connections: int
    line: int
    tls_ca: Path | None = None
    assertion: bool = True


@dataclass(frozen=True, slots=True)
class UpstreamUrl:
    """One address of an upstream: scheme `http`, `https` or `unix`."""

    scheme: str
    host: str
    port: int
    path: str = ""  # unix only: the socket


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of gateway.toml, checked. `digest` is the SHA-256 of its bytes, in hex.

    `files` are those that it names and that were read, each with the digest of its bytes.
    """

    public_url: PublicUrl
    state_dir: Path
    listen: Listen
    admin: HostPort
    redis_url: Secret
    secret_key: Secret  # the literal, the environment's or the file's content; see secret_key_file
    secret_key_file: Path | None  # made on first start when missing
    networks: tuple[tuple[str, tuple[str, ...]], ...]
    directory: Directory
    sms: tuple[Way, ...]
    upstreams: tuple[Upstream, ...]
    routes: tuple[Route, ...]
    audit_file: Path
    limits: Limits = field(default_factory=Limits)
    session: Session = field(default_factory=Session)
    one_time_password: OneTimePassword = field(default_factory=OneTimePassword)
    lockout: Lockout = field(default_factory=Lockout)
    password: Password = field(default_factory=Password)
    self_service: SelfService = field(default_factory=SelfService)
    sms_budget: SmsBudget = field(default_factory=SmsBudget)
    branding: Branding = field(default_factory=Branding)
    assertion: Assertion = field(default_factory=Assertion)
    debug: Debug = field(default_factory=Debug)
    telemetry: Telemetry = field(default_factory=Telemetry)
    log: Log = field(default_factory=Log)
    digest: str = field(default="", compare=False)
    files: Mapping[Path, str] = field(default_factory=dict, compare=False, repr=False)
    lines: Lines = field(default_factory=lambda: Lines({}), compare=False, repr=False)
