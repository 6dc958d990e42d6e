"""One look at gateway.toml and the files it names: what they say now, and what follows.

The judge of every edit, in one process, so that all workers go by the same. Whatever the bytes
are, the answer is a value: what cannot be read, parsed or opened is a refusal with its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.checking import read_checked
from gateway.reload.restart_keys import hold_back
from gateway.reload.status import ConfigStatus, Outcome
from gateway.settings.files import digest_of
from gateway.settings.model import Settings
from gateway.settings.problems import Problem, SettingsError
from gateway.settings.snapshot import compile_snapshot
from gateway.tasks import told_of

_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Running:
    """The configuration in force, and how it stands."""

    settings: Settings
    status: ConfigStatus

    @classmethod
    def started(cls, settings: Settings, now: float) -> Running:
        """Return what is in force after the start."""
        digest = settings.digest[:_DIGITS]
        return cls(settings, ConfigStatus(digest=digest, on_disk=digest, at=now))


class Looker:
    """Looks at the files of one gateway; `running` is what is in force after the last look."""

    def __init__(self, path: Path, environ: Mapping[str, str], running: Running) -> None:
        """Take the path of gateway.toml and where `{ env = "NAME" }` looks."""
        self.running = running
        self._path: Final = path.absolute()
        self._environ: Final = environ
        self._seen = {self._path: running.settings.digest, **running.settings.files}

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that matter: gateway.toml, and those it named when it was read last."""
        return tuple(self._seen)

    def look(self, now: float) -> Sequence[str] | None:
        """Judge the files as they are; None when no byte of them has changed.

        Returns every problem, with its line: none when `running` now is what they say. Raises
        nothing, whatever they hold, and never changes the running settings for a wrong file.
        """
        seen = {path: digest_of(path) for path in self._seen}
        if seen == self._seen:
            return None
        on_disk = seen[self._path]
        try:
            settings, restart = self._read()
        except SettingsError as error:
            # A file that is no TOML names nothing: what it named before is looked at as well.
            self._seen = {**(error.files or seen), self._path: on_disk}
            return self._refuse(error.lines(), on_disk, now)
        except Exception as error:  # noqa: BLE001 - an edit must never end what runs
            self._seen = seen
            return self._refuse([_surprise(self._path, error)], on_disk, now)
        self._seen = {**settings.files, self._path: on_disk}
        key = settings.secret_key_file
        if key is not None:  # one that is not there now may come back
            self._seen.setdefault(key, seen[key] if key in seen else digest_of(key))
        self._accept(settings, restart, on_disk, now)
        return ()

    def _read(self) -> tuple[Settings, tuple[str, ...]]:
        """Return what to go by, and which keys of the file wait for a restart."""
        running, names = self.running.settings, list[str]()
        settings = read_checked(self._path, self._environ)
        if settings.state_dir != running.state_dir:
            # What follows it must stay where it is, the users above all.
            settings = read_checked(self._path, self._environ, state_dir=running.state_dir)
            names.append("state_dir")
        held, more = hold_back(running, settings)
        try:
            compile_snapshot(held)
        except ValueError as error:
            problem = Problem(0, "route", str(error), "routes that can stand together")
            raise SettingsError(self._path.name, [problem], settings.files) from None
        return held, (*names, *more)

    def _accept(
        self, settings: Settings, restart: tuple[str, ...], on_disk: str, now: float
    ) -> None:
        before, status = self.running.settings, self.running.status
        digest = settings.digest[:_DIGITS]
        stands = replace(
            status, digest=digest, on_disk=on_disk[:_DIGITS], at=now, problems=(), restart=restart
        )
        same = (settings.digest, settings.files) == (before.digest, before.files)
        if same and restart == status.restart:  # a wrong edit was taken back
            self.running = Running(before, replace(stands, outcome=Outcome.UNCHANGED))
            return
        counted = replace(stands, number=status.number + 1, applied=status.applied + 1)
        self.running = Running(settings, replace(counted, outcome=Outcome.APPLIED))

    def _refuse(self, problems: Sequence[str], on_disk: str, now: float) -> Sequence[str]:
        status = self.running.status
        refused = replace(
            status,
            on_disk=on_disk[:_DIGITS],
            at=now,
            rejected=status.rejected + 1,
            outcome=Outcome.REJECTED,
            problems=tuple(problems),
        )
        self.running = Running(self.running.settings, refused)
        return problems


def _surprise(path: Path, error: Exception) -> str:
    return f"{path.name}: the gateway failed to read it ({told_of(error)})"
