"""Writing down what the logon domain did: one helper, so that every line has the same shape."""

from __future__ import annotations

import contextlib
from typing import Final

from gateway.auth.model import Client
from gateway.auth.ports import Audit, AuditEvent, Directory, Unavailable

DIRECTORY_RULES: Final = "directory-rules"
"""The reason when the directory does not take a password that our own rules let pass."""
NO_CHALLENGE: Final = "no-challenge"
"""The reason when no code is on its way here: used up, expired, or begun for something else."""
_LONGEST_USER: Final = 128


async def name_for_audit(directory: Directory, user: str) -> str:
    """Return `user` when somebody is called so, else "".

    What a stranger typed as a name may be a password in the wrong field (ASVS 16.2.5).
    """
    try:
        known = await directory.find(user)
    except Unavailable:
        return ""
    return "" if known is None else known.user


def note(
    audit: Audit, event: str, client: Client, outcome: str, user: str = "", reason: str = ""
) -> None:
    """Append one event of `client`. `user` is the canonical name, cut when somebody typed a lot.

    Raises Unavailable when it cannot be kept: what it tells of must not be done then.
    """
    audit.write(
        AuditEvent(
            event=event,
            client=client.address,
            network=client.network,
            outcome=outcome,
            user=user[:_LONGEST_USER],
            reason=reason,
            ref=client.request_id,  # what a page of ours shows when it went wrong
            request_id=client.request_id,
        )
    )


def note_done(
    audit: Audit, event: str, client: Client, outcome: str, user: str = "", reason: str = ""
) -> None:
    """Append one event that nothing can undo: a session has ended, a message has left.

    When it cannot be kept, the audit says so in the log and in its metric; nobody is stopped.
    """
    with contextlib.suppress(Unavailable):
        note(audit, event, client, outcome, user, reason)
