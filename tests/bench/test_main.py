"""Parts are chosen by name; what they measure is stood in for."""

from __future__ import annotations

import pytest

from bench.claims import Outcome


def test_a_part_is_chosen_by_name(monkeypatch, capsys):
    import bench.__main__ as bench

    ran = []

    def part(name, status):
        return lambda words: ran.append((name, words)) or status

    monkeypatch.setattr(bench, "PARTS", {"load": part("load", 0), "oracle": part("oracle", 1)})
    monkeypatch.setattr(bench, "ALONE", {"publish": part("publish", 0)})
    assert bench.main(["oracle", "--tries", "9"]) == 1
    assert bench.main([]) == 1
    assert ran == [("oracle", ["--tries", "9"]), ("load", []), ("oracle", ["--tries", "200"])]
    ran.clear()
    assert bench.main(["--quick", "--strict"]) == 1
    assert ran == [("load", ["--quick", "--strict"]), ("oracle", ["--tries", "100"])]
    assert bench.main(["publish"]) == 0
    assert bench.main(["orakel"]) == 2
    assert "load | oracle | publish" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("within", "words", "status"),
    [
        (True, ["--strict"], 0),
        (False, [], 0),
        (False, ["--strict"], 1),
    ],
)
def test_a_bound_that_is_not_kept_counts_when_asked_to(
    monkeypatch, tmp_path, within, words, status
):
    import bench.__main__ as bench
    from bench import results

    class Work:
        """What measures nothing."""

        def measure(self, options):
            outcome = Outcome("load", "nothing")
            outcome.claim("is it", 1.0, [0.5 if within else 1.5])
            return outcome

    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(bench, "program", lambda name: name)
    monkeypatch.setitem(bench.WORK, "load", Work())
    assert bench.work("load")(words) == status
    assert results.kept("load").within is within
    assert results.kept("tls") is None
