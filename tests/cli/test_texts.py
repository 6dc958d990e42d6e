"""`portvakt texts`: a file to be filled in, that `portvakt check` takes as it is."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.cli.root import portvakt
from tests.settings.samples import SMALL, read


@pytest.mark.parametrize("language", ["en", "sv"])
def test_what_is_printed_can_be_filled_in(tmp_path, language):
    result = CliRunner().invoke(portvakt, ["texts", language])
    assert result.exit_code == 0
    (tmp_path / "look").mkdir()
    filled = result.stdout.replace('msgid "Welcome"\nmsgstr ""', 'msgid "Welcome"\nmsgstr "Hello"')
    (tmp_path / "look" / f"{language}.po").write_text(filled)
    own = read(tmp_path, SMALL + '[branding]\ndirectory = "look"\n').branding.own
    assert [(one.language, one.source, one.says) for one in own.texts] == [
        (language, ("Welcome",), ("Hello",))
    ]


@pytest.mark.parametrize("words", [[], ["de"], ["sv", "en"]])
def test_used_wrongly(words):
    result = CliRunner().invoke(portvakt, ["texts", *words])
    assert result.exit_code == 2


def test_it_needs_no_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(portvakt, ["texts", "sv"]).exit_code == 0
