"""`python -m upstream_stub`: the stub portal and the stub phone in one process."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from upstream_stub.phone.app import make_phone
from upstream_stub.portal.app import make_portal
from upstream_stub.serving import Listener, serving, told_to_stop, until_stopped


def address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal():
        raise ValueError(text)
    return host.strip("[]"), int(port)


def credentials(text: str) -> tuple[str, str]:
    """Return user name and password of `USER:PASSWORD`. Raises ValueError."""
    user, colon, password = text.partition(":")
    if not user or not colon:
        raise ValueError(text)
    return user, password


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; leaves with status 2 on a mistake."""
    parser = argparse.ArgumentParser(prog="python -m upstream_stub", description=__doc__)
    parser.add_argument("--portal", type=address, default="127.0.0.1:9000", metavar="HOST:PORT")
    parser.add_argument("--phone", type=address, default="127.0.0.1:9001", metavar="HOST:PORT")
    parser.add_argument("--log", type=Path, help="append the portal's requests as lines of JSON")
    parser.add_argument(
        "--phone-auth",
        type=credentials,
        metavar="USER:PASSWORD",
        help="basic authentication that the SMS API asks for",
    )
    return parser.parse_args(words)


async def serve(options: argparse.Namespace, parent: int) -> None:
    """Serve both until stopped; the ready line goes to standard output."""
    stop = told_to_stop()
    listeners = [
        Listener("portal", make_portal(options.log), *options.portal),
        Listener("phone", make_phone(credentials=options.phone_auth), *options.phone),
    ]
    async with serving(listeners) as ready:
        sys.stdout.write(ready + "\n")
        sys.stdout.flush()
        await until_stopped(stop, parent)


def main() -> int:
    """Run; 1 when an address is taken or the log cannot be opened."""
    parent = os.getppid()  # first of all: later it may be gone, and another in its place
    try:
        asyncio.run(serve(arguments(), parent))
    except OSError as error:
        sys.stderr.write(f"upstream_stub: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
