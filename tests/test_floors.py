"""gateway/floors.py: what is installed here will do, and what is older is refused by name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from aiohttp import http_parser
from click.testing import CliRunner

from gateway import floors
from gateway.cli.root import portvakt
from gateway.floors import FLOORS, Floor, outdated, release
from tests.cli.support import CONFIG


def test_what_is_installed_will_do() -> None:
    assert outdated() == []


@pytest.mark.parametrize("floor", FLOORS, ids=lambda floor: floor.package)
def test_each_floor_holds(floor: Floor) -> None:
    def older(package: str) -> str:
        return "0.0.9" if package == floor.package else version(package)

    (found,) = outdated(older)
    for word in (floor.package, "0.0.9", floor.oldest, floor.why, "pip install"):
        assert word in found.sentence()
    assert release(floor.oldest) > release("0.0.9")


def test_a_package_that_is_not_there_is_told() -> None:
    def none(package: str) -> str:
        raise PackageNotFoundError(package)

    names = {one.package for one in outdated(none)}
    assert names > {floor.package for floor in FLOORS}
    assert "uvloop" in names, "our own requirements count too"
    assert "not installed" in outdated(none)[0].sentence()


def test_what_is_older_than_our_requirements_is_refused() -> None:
    (found,) = outdated(lambda package: "0.14.0" if package == "uvloop" else version(package))
    assert "uvloop" in found.sentence()
    assert "0.14.0" in found.sentence()


def test_every_floor_is_of_a_package_that_we_run_on() -> None:
    ours = " ".join(requires("portvakt") or ()).lower()
    assert all(floor.package in ours or floor.package == "idna" for floor in FLOORS)


ORDER = [
    "",
    "0.9",
    "3.13.9",
    "3.14.0rc1",
    "3.14",
    "3.14.0.post1",
    "3.14.3",
    "3.14.4b1",
    "3.14.4",
    "3.14.10",
    "4.0",
]


def test_versions_compare_by_number() -> None:
    read = [release(text) for text in ORDER]
    assert read == sorted(read)
    assert release("3.14") == release("3.14.0") == release("v3.14.0+local")
    assert release("3.14.4") > release("3.14.4.dev1")


def test_a_parser_without_its_extension_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)
    (found,) = outdated()
    assert "parser in C" in found.sentence()


@pytest.mark.parametrize("command", ["run", "demo", "check"])
def test_nothing_starts_below_a_floor(monkeypatch: pytest.MonkeyPatch, tmp_path, command) -> None:
    high = (Floor("aiohttp", "99.1", "CVE-0000-0001"),)
    monkeypatch.setattr(floors, "FLOORS", high)
    config = tmp_path / "gateway.toml"
    config.write_text(CONFIG)
    done = CliRunner().invoke(portvakt, [command, "--config", str(config)])
    assert done.exit_code == 1
    for word in ("aiohttp", version("aiohttp"), "99.1", "CVE-0000-0001", "pip install"):
        assert word in done.output
    assert not (tmp_path / "var").exists()
