"""`portvakt keys`: the keys that sign assertions, looked at and rotated."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import click

from gateway.auth.audit import note
from gateway.auth.key_ring import BadKeys, KeyRing, SigningKey, new_ring
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer
from gateway.cli.configuration import read_config
from gateway.cli.operator import OPERATOR, account
from gateway.cli.output import No, done, print_json, warn
from gateway.operate.audit_file import open_audit
from gateway.operate.key_file import LOOK_S, KeyFile
from gateway.system import SystemClock, SystemEntropy
from policies.moments import timestamp

T = TypeVar("T")

_NONE_YET: Final = "No keys yet: the gateway makes them when it starts."
_CURRENT, _NEXT, _RETIRED = "signs", "next", "retired"


@click.group()
def keys() -> None:
    """Look at the keys that sign X-Gateway-Assertion, and rotate them."""


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_command(ctx: click.Context, *, as_json: bool) -> None:
    """List the published keys: the one that signs, the next one, and those that signed before."""
    file = _key_file(ctx)
    ring = _tried(file.read) if file is not None else None
    listed = _listed(ring, SystemClock().now()) if ring is not None else []
    if as_json:
        print_json([_row(key, role) for key, role in listed])
    elif not listed:
        done(_NONE_YET)
    for key, role in [] if as_json else listed:
        row = _row(key, role)
        since = f"since {row['since']}" if row["since"] else f"made {row['made']}"
        until = f", published until {row['until']}" if row["until"] else ""
        done(f"{role:<8} {key.kid}  {since}{until}")


@keys.command()
@click.option("--compromised", is_flag=True, help="Trust none of the keys made so far.")
@click.pass_context
def rotate(ctx: click.Context, *, compromised: bool) -> None:
    """Let the next key sign; running gateways follow within seconds, without a restart.

    The key that signed so far stays published until its last assertions have run out. With
    --compromised no key made so far is published any more, so what was signed with a stolen one
    is refused as soon as portals fetch the list anew. The audit has a line of either; without it
    only stolen keys are replaced.
    """
    file = _key_file(ctx)
    if file is None or _tried(file.read) is None:
        raise No(_NONE_YET)
    now = SystemClock().now()

    def edit(ring: KeyRing) -> KeyRing:
        if compromised:
            return new_ring(now)
        if now < ring.ready_at:
            raise No(
                f"The next key is published for {now - ring.next.made:.0f} s only, and portals "
                f"may still hold the list without it. Say it again in {ring.ready_at - now:.0f} s; "
                "or, when a key was stolen: portvakt keys rotate --compromised"
            )
        return ring.rotated(now)

    with _audited(ctx, compromised=compromised) as write:
        ring = _tried(lambda: file.change(edit))
        write(ring.current.kid)
    done(f"Assertions are signed with {ring.current.kid}, by running gateways in {LOOK_S:.0f} s.")


@contextlib.contextmanager
def _audited(ctx: click.Context, *, compromised: bool) -> Iterator[Callable[[str], None]]:
    """Yield what writes the id of the key that signs now into the audit.

    Raises No beforehand when it cannot be written, unless keys were stolen: they leave at once.
    """
    settings, clock = read_config(ctx.obj["config"]), SystemClock()
    outcome = "compromised" if compromised else "rotated"
    try:
        sealer = Sealer(settings.secret_key.reveal().encode(), SystemEntropy())
        audit = open_audit(settings, sealer, clock)
    except OSError as error:
        _unwritten(error.strerror or "", compromised=compromised)
        yield lambda _: None
        return

    def write(kid: str) -> None:
        try:
            note(audit, "keys.rotated", OPERATOR, outcome, account(), kid)
        except Unavailable:
            warn("The audit has no line of it: it cannot be written.")

    with contextlib.closing(audit):
        if trouble := audit.trouble():
            _unwritten(trouble, compromised=compromised)
        yield write


def _unwritten(why: str, *, compromised: bool) -> None:
    """Say that the audit cannot be written. Raises No where that can wait."""
    said = f"The audit cannot be written: {why.lower()}."
    if not compromised:
        raise No(said)
    warn(said)


def _key_file(ctx: click.Context) -> KeyFile | None:
    """Return the file of the configuration, None when the gateway has never run here."""
    settings = read_config(ctx.obj["config"])
    secret = settings.secret_key.reveal()
    if not secret or not settings.state_dir.exists():
        return None
    sealer = Sealer(secret.encode(), SystemEntropy())
    return KeyFile(settings.state_dir, sealer, SystemClock())


def _tried(work: Callable[[], T]) -> T:
    """Do it; what is wrong with the file is told in its own words."""
    try:
        return work()
    except BadKeys as error:
        raise No(str(error)) from None
    except OSError as error:
        raise No(f"{error.filename}: {(error.strerror or '').lower()}") from None


def _listed(ring: KeyRing, now: float) -> list[tuple[SigningKey, str]]:
    roles = {ring.current.kid: _CURRENT, ring.next.kid: _NEXT}
    return [(key, roles.get(key.kid, _RETIRED)) for key in ring.published(now)]


def _row(key: SigningKey, role: str) -> dict[str, str | None]:
    return {
        "kid": key.kid,
        "role": role,
        "made": timestamp(key.made),
        "since": None if key.since is None else timestamp(key.since),
        "until": None if key.until is None else timestamp(key.until),
    }
