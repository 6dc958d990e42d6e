"""Which directories tell of a file: links on the way, missing ones, busy ones."""

from __future__ import annotations

from gateway.reload.watched import telling


def test_a_plain_file_is_told_of_by_its_directory(tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_text("")
    assert telling([file], tmp_path / "var") == {tmp_path}


def test_a_link_tells_where_it_lies_and_where_it_leads(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("")
    link = tmp_path / "gateway.toml"
    link.symlink_to("real/file")
    assert telling([link], tmp_path / "var") == {tmp_path, tmp_path / "real"}


def test_a_mount_of_kubernetes(tmp_path):
    """gateway.toml -> ..data/gateway.toml, ..data -> ..1, and the swap is a rename of ..data."""
    (tmp_path / "..1").mkdir()
    (tmp_path / "..1" / "gateway.toml").write_text("")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "gateway.toml").symlink_to("..data/gateway.toml")
    found = telling([tmp_path / "gateway.toml"], tmp_path / "var")
    assert found == {tmp_path, tmp_path / "..1"}


def test_a_directory_that_is_a_link(tmp_path):
    (tmp_path / "in" / "release").mkdir(parents=True)
    (tmp_path / "current").symlink_to(tmp_path / "in" / "release")
    found = telling([tmp_path / "current" / "gateway.toml"], tmp_path / "var")
    assert found == {tmp_path, tmp_path / "in" / "release"}


def test_a_link_that_climbs_and_one_that_leads_to_itself(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "up").symlink_to("../file")
    (tmp_path / "loop").symlink_to("loop")
    found = telling([tmp_path / "a" / "b" / "up", tmp_path / "loop"], tmp_path / "var")
    assert found == {tmp_path / "a" / "b", tmp_path / "a", tmp_path}


def test_what_is_not_there_is_told_of_by_what_is(tmp_path):
    assert telling([tmp_path / "a" / "b" / "file"], tmp_path / "var") == {tmp_path}


def test_the_state_directory_is_left_out(tmp_path):
    (tmp_path / "var").mkdir()
    assert telling([tmp_path / "var" / "secret.key"], tmp_path / "var") == frozenset()


def test_every_place_is_there(tmp_path):
    found = telling([tmp_path / "x" / ".." / "y", tmp_path / "z"], tmp_path / "w")
    assert all(place.is_dir() for place in found)
