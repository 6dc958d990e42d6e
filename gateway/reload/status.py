"""How the configuration stands: a small value that workers, readiness and metrics read.

Imports nothing of ours.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Outcome(enum.Enum):
    """What became of the last look at the files."""

    STARTED = "started"
    APPLIED = "applied"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ConfigStatus:
    """The same in every worker, so it must not be added up over them.

    `number` counts the configurations that were in force; `digest` is that of the gateway.toml in
    force (12 hex digits), `on_disk` that of the last one looked at. `at` is when that was, in
    seconds since the epoch. `problems` are sentences with their line, while the file on disk is
    refused; `restart` names the keys that count from the next start on only.
    """

    digest: str
    on_disk: str
    at: float
    number: int = 0
    applied: int = 0
    rejected: int = 0
    outcome: Outcome = Outcome.STARTED
    problems: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def trouble(self) -> str:
        """Return why the running configuration is not the one on disk, "" when it is."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return f"the file on disk is refused: {self.problems[0]}{more}"
        if self.restart:
            return f"a restart is needed for {', '.join(self.restart)}"
        return ""
