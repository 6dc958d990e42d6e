"""gateway/cli/run.py: what the parent has ready before it forks workers."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.cli.output import No
from gateway.password_rules import WordsMissing, common_passwords, swedish_words
from gateway.settings.parse import read_settings
from tests.system.gateway import free_port


class Forked:
    """Stands where the supervisor does, and notes what the workers would inherit."""

    def __init__(
        self, worker: object, count: int, *, stopping: Callable[[], None], **options: object
    ) -> None:
        self._stop = stopping

    def run(self) -> None:
        self._stop()
        for cached in (swedish_words, common_passwords):
            assert cached.cache_info().currsize == 1, "the workers would read it, each one"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(run, "Supervisor", Forked)
    monkeypatch.setattr(run, "set_up_logging", lambda: None)
    config = tmp_path / "gateway.toml"
    config.write_text(
        f"""
        public_url = "http://localhost:8080"
        listen = {{ address = ["127.0.0.1:{free_port()}"] }}
        admin = {{ address = "127.0.0.1:{free_port()}" }}
        redis = {{ url = "redis://127.0.0.1:1" }}
        upstream = [{{ name = "portal", url = ["http://127.0.0.1:9000"] }}]
        route = [{{ path = "/", upstream = "portal" }}]
        """
    )
    yield config
    gc.unfreeze()


def test_the_words_are_read_before_the_workers_are_forked(config: Path) -> None:
    swedish_words.cache_clear()
    common_passwords.cache_clear()
    run.serve(config, read_settings(config, os.environ))


def test_a_gateway_that_cannot_judge_passwords_does_not_start(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_settings: object) -> None:
        raise WordsMissing("the Swedish words cannot be read: install the package again")

    monkeypatch.setattr(run, "compile_password_rules", missing)
    with pytest.raises(No, match="install the package again"):
        run.serve(config, read_settings(config, os.environ))
