"""Who works at the command line, as the audit names them."""

from __future__ import annotations

import os
import pwd
from typing import Final

from gateway.auth.model import Client

OPERATOR: Final = Client(address="", network="operator", request_id="")
"""Where a command comes from."""


def account() -> str:
    """Return who called sudo, else the system account that this runs as.

    For people who look things up, not proof: whoever may write the audit's files can also say
    anything here.
    """
    caller = os.environ.get("SUDO_USER", "")
    if caller:
        return caller
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        return str(os.getuid())
