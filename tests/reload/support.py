"""A gateway.toml on disk with a looker that judges it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.checking import read_checked
from gateway.reload.look import Looker, Running
from gateway.reload.status import ConfigStatus
from gateway.settings.model import Settings
from tests.settings.samples import KEY, SMALL

SECRETS = f'\n[secrets]\nkey = "{KEY}"\n'
GOOD = SMALL + SECRETS
STARTED = 1_790_000_000.0


@dataclass
class Desk:
    """A directory with gateway.toml, and the looker of the gateway that was started with it."""

    directory: Path
    text: str = GOOD
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path = self.directory / "gateway.toml"
        self.path.write_text(self.text)
        self.first = read_checked(self.path, self.environ)
        self.looker = Looker(self.path, self.environ, Running.started(self.first, STARTED))

    @property
    def status(self) -> ConfigStatus:
        return self.looker.running.status

    @property
    def settings(self) -> Settings:
        return self.looker.running.settings

    def look(self, text: str | bytes | None = None):
        """Save a text, if there is one, and look."""
        if text is not None:
            self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.looker.look(STARTED + 60)
