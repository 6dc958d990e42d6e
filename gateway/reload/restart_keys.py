"""Which keys of gateway.toml count from the next start on only, and what counts until then. Pure.

The sockets are bound, the workers counted, Redis and the state directory opened before there is a
worker; another key would end every session and every code on its way, in each worker at another
moment; the audit is one chain, whose writers must change over between the same two lines; and
whoever reads the log expects one form of it.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.settings.model import Settings


def hold_back(running: Settings, wanted: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return `wanted` with what a restart must change as it runs now, and the names of those keys.

    Read `wanted` under the state_dir that runs: what follows it must stay where it is.
    """
    changed = {
        "listen.address": wanted.listen.address != running.listen.address,
        "listen.workers": wanted.listen.workers != running.listen.workers,
        "listen.drain_delay": wanted.listen.drain_delay != running.listen.drain_delay,
        "listen.drain_timeout": wanted.listen.drain_timeout != running.listen.drain_timeout,
        "admin.address": wanted.admin != running.admin,
        "redis.url": wanted.redis_url != running.redis_url,
        "secrets.key": wanted.secret_key != running.secret_key,
        "audit.file": wanted.audit_file != running.audit_file,
        "log.format": wanted.log.form != running.log.form,
        "log.level": wanted.log.level != running.log.level,
    }
    listen = replace(
        wanted.listen,
        address=running.listen.address,
        workers=running.listen.workers,
        drain_delay=running.listen.drain_delay,
        drain_timeout=running.listen.drain_timeout,
    )
    held = replace(
        wanted,
        state_dir=running.state_dir,
        listen=listen,
        admin=running.admin,
        redis_url=running.redis_url,
        secret_key=running.secret_key,
        secret_key_file=running.secret_key_file,
        audit_file=running.audit_file,
        log=running.log,
    )
    return held, tuple(name for name, is_other in changed.items() if is_other)
