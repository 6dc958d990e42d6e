"""What one worker makes of one configuration: built in one go, by one function, never changed.

The start and every edit of gateway.toml go through `prepare` (which takes a while, and may run in
a thread) and `build`, so nothing can be forgotten in one of them. A request takes its generation
and keeps it; what holds connections (pools, directory, SMS providers) is taken over from the
generation before where its settings are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from ssl import SSLContext

from gateway.auth.assertion import Assertions
from gateway.auth.challenges import Challenges
from gateway.auth.credentials import Credentials
from gateway.auth.deliveries import Deliveries, KeptSms
from gateway.auth.kept_events import KeepingAudit
from gateway.auth.live import LiveSession
from gateway.auth.lockout import Lockout, OpenTries
from gateway.auth.logon import Logon
from gateway.auth.model import SessionRecord
from gateway.auth.notices import Notices
from gateway.auth.one_time_passwords import OneTimePasswords
from gateway.auth.own_sessions import OwnSessions
from gateway.auth.ports import Audit, Clock, Entropy
from gateway.auth.refusals import Refusals
from gateway.auth.reset import Reset
from gateway.auth.sealing import Sealer
from gateway.auth.self_service import SelfService
from gateway.auth.session_list import SessionList
from gateway.auth.sessions import Sessions
from gateway.auth.sms_budget import SmsBudget
from gateway.counters import Counters
from gateway.directory.opening import AnyDirectory, open_directory
from gateway.directory.passwords import PasswordHasher
from gateway.operate.audit_file import AuditFile
from gateway.operate.key_file import KeyFile
from gateway.pages.look import Look
from gateway.pages.services import PAGES_PURPOSE, PageServices
from gateway.pages.visit import chosen_language
from gateway.password_judge import ConfiguredPasswords
from gateway.proxy.introduction import Introductions
from gateway.proxy.listener import server_tls
from gateway.proxy.plan import FORMS_POOL, PAGES_POOL, Plan, compile_plan
from gateway.proxy.pool import Pool
from gateway.proxy.replies import Replies
from gateway.proxy.tally import Tally
from gateway.proxy.ticker import Ticker
from gateway.proxy.tracing import Traces
from gateway.proxy.upstream_tls import upstream_tls
from gateway.receipts import PostedReceipts, receipt_url
from gateway.settings.model import Settings, Upstream
from gateway.settings.phones import SmtpSms
from gateway.settings.snapshot import Snapshot, compile_snapshot
from gateway.sms.failover import Failover
from gateway.sms.making import Around, make_sms
from gateway.spans import Tracer
from gateway.store.store import Store


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a worker has for its whole life, whatever the configuration."""

    clock: Clock
    entropy: Entropy
    audit: Audit
    audit_file: AuditFile
    refusals: Refusals
    store: Store
    hasher: PasswordHasher
    sealer: Sealer
    sessions: Sessions
    open_tries: OpenTries
    keys: KeyFile
    assertions: Assertions
    ticker: Ticker
    tally: Tally
    counters: Counters
    pages: Pool
    forms: Pool


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A configuration compiled, before anything is opened. `plan` has no pools yet."""

    plan: Plan
    look: Look
    server_tls: SSLContext | None
    upstream_tls: Mapping[str, SSLContext | None]


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """One configuration at work."""

    plan: Plan
    server_tls: SSLContext | None
    services: PageServices
    directory: AnyDirectory
    sms: Failover
    tracer: Tracer | None

    @property
    def settings(self) -> Settings:
        """What it was built from."""
        return self.plan.snapshot.settings


def prepare(settings: Settings, lasting: Lasting, before: Generation | None) -> Prepared:
    """Compile the settings and read their certificates; no event loop is needed.

    Raises OSError or ValueError, of which `gateway.checking` knows beforehand unless a file was
    changed since.
    """
    tls = settings.listen.tls
    snapshot = compile_snapshot(settings)
    look = _look(settings, before)
    told = Introductions(lasting.assertions)
    return Prepared(
        plan=compile_plan(snapshot, _replies(snapshot, look), {}, told, lasting.tally),
        look=look,
        server_tls=None if tls is None else server_tls(tls),
        upstream_tls={one.name: upstream_tls(one) for one in settings.upstreams},
    )


def build(prepared: Prepared, lasting: Lasting, before: Generation | None) -> Generation:
    """Return the generation; whoever has `before` closes what was not taken over from it.

    To be called on the event loop. Raises ValueError when the directory cannot be opened; then
    nothing has changed.
    """
    snapshot = prepared.plan.snapshot
    settings = snapshot.settings
    directory = _directory(settings, lasting, before)
    sms = _sms(settings, lasting, before)
    tracer = _tracer(settings, lasting, before)
    traces = None if tracer is None else Traces(tracer, settings.telemetry, lasting.entropy)
    services = _services(snapshot, lasting, prepared.look, directory, sms)
    return Generation(
        plan=replace(prepared.plan, pools=_pools(prepared, lasting, before), traces=traces),
        server_tls=prepared.server_tls,
        services=replace(services, tracer=tracer),
        directory=directory,
        sms=sms,
        tracer=tracer,
    )


def _services(
    snapshot: Snapshot, lasting: Lasting, look: Look, directory: AnyDirectory, sms: Failover
) -> PageServices:
    """Put the logon domain together; its parts count in the same buckets."""
    settings = snapshot.settings
    clock, sealer, store = lasting.clock, lasting.sealer, lasting.store
    audit = KeepingAudit(lasting.audit, lasting.refusals, clock, settings, snapshot.digest)
    sessions = lasting.sessions
    lockout = Lockout(
        store.failures,
        sealer,
        settings.lockout,
        clock,
        lasting.open_tries,
        cool_down=settings.self_service.cool_down,
    )
    challenges = Challenges(store.challenges, sealer, settings.one_time_password, clock)
    budget = SmsBudget(store.failures, sealer, settings.sms_budget, clock)
    deliveries = _deliveries(lasting)
    kept_sms = KeptSms(sms, deliveries, clock)
    codes = OneTimePasswords(challenges, budget, kept_sms, audit, clock, settings)
    notices = Notices(kept_sms, budget, audit, settings)
    credentials = Credentials(directory, directory.accounts, lockout, challenges, sessions, notices)
    judge = ConfiguredPasswords(settings)
    return PageServices(
        snapshot=snapshot,
        look=look,
        logon=Logon(directory, lockout, codes, sessions, audit, settings),
        account=SelfService(directory, credentials, codes, judge, audit, settings),
        reset=Reset(directory, credentials, codes, budget, judge, clock),
        own_sessions=OwnSessions(
            sessions, SessionList(store.sessions, sealer, settings.session, clock)
        ),
        audit=audit,
        keep=audit.keep,
        who=partial(_who, sessions),
        session=partial(_session, sessions),
        hear=PostedReceipts(settings, sealer, store.failures, deliveries, clock).hear,
        jwks=lambda: lasting.assertions.ring.jwks(clock.now()),
        clock=clock,
        entropy=lasting.entropy,
        secret=sealer.mac(PAGES_PURPOSE),
    )


async def _who(sessions: Sessions, token: str) -> SessionRecord | None:
    if not token.isascii():
        return None
    raw = token.encode("ascii")
    live = sessions.warm(raw) or await sessions.resolve(raw)
    return None if live is None else live.record


async def _session(sessions: Sessions, token: str) -> LiveSession | None:
    """Return a session as the store has it now, without using it."""
    return await sessions.resolve(token.encode("ascii")) if token.isascii() else None


def _look(settings: Settings, before: Generation | None) -> Look:
    """Return what the pages look like; compiled anew only when that changes."""
    known = None if before is None else before.services.look
    if known is not None and known.is_of(settings):
        return known
    return Look(settings.branding, settings.public_url, known)


def _replies(snapshot: Snapshot, look: Look) -> Replies:
    language = partial(chosen_language, snapshot=snapshot)
    return Replies(look.errors.render, language, https=snapshot.settings.public_url.is_https)


def _directory(settings: Settings, lasting: Lasting, before: Generation | None) -> AnyDirectory:
    if before is not None and before.settings.directory == settings.directory:
        return before.directory
    key = lasting.sealer.mac("decoys")
    return open_directory(
        settings.directory, lasting.hasher, lasting.clock, lasting.entropy, decoy_key=key
    )


def _sms(settings: Settings, lasting: Lasting, before: Generation | None) -> Failover:
    if before is not None and _is_same_sms(before.settings, settings):
        return before.sms
    url = partial(receipt_url, settings, lasting.sealer)
    return make_sms(
        settings.sms, Around(lasting.clock, lasting.entropy, _deliveries(lasting).hear, url)
    )


def _tracer(settings: Settings, lasting: Lasting, before: Generation | None) -> Tracer | None:
    """Return who records traces, None where nobody does: then nothing of it is even imported."""
    url = settings.telemetry.traces
    if url is None:
        return None
    if before is not None and before.settings.telemetry.traces == url:
        return before.tracer
    from gateway.operate.traces import Tracing  # noqa: PLC0415 - an extra, and it takes a while

    def count(outcome: str, number: int) -> None:
        lasting.counters.count("spans", outcome, by=number)

    for outcome in ("sent", "failed", "dropped"):
        count(outcome, 0)
    return Tracing(url, count)


def _is_same_sms(before: Settings, now: Settings) -> bool:
    authorities = [way.tls_ca for way in now.sms if isinstance(way, SmtpSms) and way.tls_ca]
    return (
        (before.sms, before.public_url) == (now.sms, now.public_url)  # receipts come to the latter
        and all(before.files.get(file) == now.files.get(file) for file in authorities)
    )


def _deliveries(lasting: Lasting) -> Deliveries:
    count = partial(lasting.counters.count, "receipts")
    return Deliveries(lasting.store.deliveries, lasting.sealer, lasting.clock, count)


def _pools(prepared: Prepared, lasting: Lasting, before: Generation | None) -> dict[str, Pool]:
    """Return a pool for each upstream: the one it has, unless its table reads differently now."""
    settings = prepared.plan.snapshot.settings
    pools = {PAGES_POOL: lasting.pages, FORMS_POOL: lasting.forms}
    for upstream in settings.upstreams:
        pool = None if before is None else _kept_pool(upstream, settings, before)
        tls = prepared.upstream_tls[upstream.name]
        tally = lasting.tally.upstreams[upstream.name]
        pools[upstream.name] = pool or Pool(upstream, lasting.ticker, tls, tally)
    return pools


def _kept_pool(upstream: Upstream, settings: Settings, before: Generation) -> Pool | None:
    pool = before.plan.pools.get(upstream.name)
    if pool is None or replace(pool.upstream, line=upstream.line) != upstream:
        return None
    if upstream.tls_ca is None:
        return pool
    authority = settings.files.get(upstream.tls_ca)
    return pool if authority == before.settings.files.get(upstream.tls_ca) else None
