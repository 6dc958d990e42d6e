"""Folded stacks as a table; the profilers themselves are not run."""

from __future__ import annotations

from bench import profile


def test_the_hottest_functions_come_first():
    stacks = ["main;read;parse 6", "main;write 3", "main;read 1"]
    lines = profile.hottest(stacks, 2).splitlines()
    assert lines[0] == "10 samples"
    assert [line.split() for line in lines[3:5]] == [
        ["60.0%", "60.0%", "parse"],
        ["30.0%", "30.0%", "write"],
    ]
    assert [line.split() for line in lines[7:9]] == [
        ["0.0%", "100.0%", "main"],
        ["10.0%", "70.0%", "read"],
    ]
    again = profile.hottest(["a;b;a 2"], 9).splitlines()
    assert again[3].split() == ["100.0%", "100.0%", "a"]
    assert "no samples" in profile.hottest([], 9)


def test_a_profiler_that_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setattr(profile, "program", lambda name: None)
    assert profile.main(["--perf"]) == 1
    assert "perf is not on this machine" in capsys.readouterr().out
