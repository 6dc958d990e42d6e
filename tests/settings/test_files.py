"""What tells that a file was changed."""

from __future__ import annotations

import hashlib
import os

from gateway.settings.files import digest_of
from tests.settings.samples import KEY, SMALL, problems, read


def test_a_file_is_its_bytes(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    assert digest_of(file) == hashlib.sha256(b"abc").hexdigest()
    link = tmp_path / "link"
    link.symlink_to(file)
    assert digest_of(link) == digest_of(file)


def test_what_cannot_be_read_is_nothing(tmp_path):
    assert digest_of(tmp_path / "missing") == ""
    (tmp_path / "loop").symlink_to("loop")
    assert digest_of(tmp_path / "loop") == ""


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert digest_of(tmp_path / "pipe") == ""


def test_a_directory_is_the_files_in_it(tmp_path):
    place = tmp_path / "look"
    (place / "below").mkdir(parents=True)
    seen = {digest_of(place)}
    for name, text in (("a", "1"), ("a", "22"), ("below/b", "1")):
        (place / name).write_text(text)
        seen.add(digest_of(place))
    (place / "a").unlink()
    seen.add(digest_of(place))
    assert len(seen) == 5
    (place / "gone").symlink_to("nowhere")
    assert digest_of(place) not in {"", *seen}


def test_settings_know_the_files_they_were_read_from(tmp_path):
    for name, text in (("key", KEY), ("ca.pem", "x"), ("list", "Sommar26\n")):
        (tmp_path / name).write_text(text)
    settings = read(
        tmp_path,
        SMALL.replace("http://127.0.0.1:9000", "https://127.0.0.1:9000").replace(
            '"portal"\nurl', '"portal"\ntls_ca = "ca.pem"\nurl'
        )
        + '[secrets]\nkey = { file = "key" }\n[password]\nforbidden_file = "list"\n',
    )
    assert {path.name: digest for path, digest in settings.files.items()} == {
        name: digest_of(tmp_path / name) for name in ("key", "ca.pem", "list")
    }


def test_so_do_errors(tmp_path):
    """A file that is missing is waited for."""
    text = SMALL + '[password]\nforbidden_file = "missing"\n'
    assert len(problems(tmp_path, text)) == 1
