"""The command line: portvakt run, demo, check, user."""

from __future__ import annotations

from gateway.cli.root import main

__all__ = ["main"]
