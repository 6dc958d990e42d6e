"""gateway/proxy/listener.py: what an operator reads when a socket or a certificate cannot be had."""

from __future__ import annotations

import socket

import pytest

from gateway.proxy.listener import bind, server_tls
from gateway.settings.model import HostPort, Tls


def test_a_taken_port_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"on 127\.0\.0\.1:{port}: .* in use; stop what listens"):
            bind([HostPort("127.0.0.1", port)])


def test_an_address_of_another_machine() -> None:
    with pytest.raises(OSError, match="write an address of this machine"):
        bind([HostPort("192.0.2.1", 0)])


def test_files_that_are_no_certificate_are_named(tmp_path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nothing\n")
    with pytest.raises(OSError, match=r"cert\.pem and .*key\.pem are not"):
        server_tls(Tls(tmp_path / "cert.pem", tmp_path / "key.pem"))
