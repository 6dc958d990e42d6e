"""What is written into docs/: the table between its marks, and nothing else."""

from __future__ import annotations

import pytest

from bench import publish, results
from bench.claims import Outcome
from bench.figures import Summary
from bench.publish import BEGIN, END, filled, table


def outcome() -> Outcome:
    one = Outcome("load", "all", [Summary("nginx", 15.84, (15.0, 16.0), 29313, 1010, 3270, 27.6)])
    one.claim("warm GET / nginx", 2.2, [2.1, 2.3, 2.25])
    one.claim("idle", 4.0, [2.4], "KB")
    return one


def test_the_table_has_a_line_for_each_bound_and_each_peer():
    lines = table([outcome()], "a machine").splitlines()
    assert lines[0] == "Measured on a machine."
    assert "| `load` | warm GET / nginx | 2.25 x (2.10 … 2.30) | 2.20 x | **over** |" in lines
    assert "| `load` | idle | 2.40 KB (2.40 … 2.40) | 4.00 KB | within |" in lines
    assert "| `load` | nginx | 15.8 | 29313 | 1.01 | 3.27 | 28 |" in lines


def test_only_what_stands_between_the_marks_is_replaced():
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert filled(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert filled(filled(page, "new"), "newer") == filled(page, "newer")
    with pytest.raises(ValueError, match="lacks"):
        filled("no marks", "new")


def test_publishing_writes_both_files_from_what_was_kept(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(publish, "_PICTURE", tmp_path / "bench.svg")
    monkeypatch.setattr(publish, "_PAGE", tmp_path / "performance.md")
    (tmp_path / "performance.md").write_text(f"{BEGIN}\n{END}\n")
    assert publish.publish(["load"]) == 1
    results.keep("load", {"options": {}, "outcome": outcome().written()})
    assert publish.publish(["load", "tls"]) == 0
    assert "warm GET / nginx" in (tmp_path / "performance.md").read_text()
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")
    assert "2 bounds, 1 over" in capsys.readouterr().out
