"""Parts are chosen by name; what they measure is stood in for."""

from __future__ import annotations


def test_a_part_is_chosen_by_name(monkeypatch, capsys):
    import bench.__main__ as bench

    ran = []

    def part(name, status):
        return lambda words: ran.append((name, words)) or status

    monkeypatch.setattr(bench, "PARTS", {"load": part("load", 0), "oracle": part("oracle", 1)})
    assert bench.main(["oracle", "--tries", "9"]) == 1
    assert bench.main([]) == 1
    assert ran == [("oracle", ["--tries", "9"]), ("load", []), ("oracle", [])]
    assert bench.main(["orakel"]) == 2
    assert "load | oracle" in capsys.readouterr().out
