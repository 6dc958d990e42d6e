"""A receiver of OTLP over HTTP: what a collector of OpenTelemetry would have been told."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclasses.dataclass(frozen=True)
class Told:
    """One span; ids in hex, `kind` as OTLP's number less its prefix."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    failed: bool
    about: dict[str, str | int]


class Collector:
    """What came, decoded. `hold` keeps every export waiting until it is set free."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.hold = threading.Event()
        self.hold.set()
        self.status = 200
        self.url = ""

    def spans(self) -> list[Told]:
        """Return every span so far."""
        return [span for body in list(self.bodies) for span in _spans(body)]

    def trace(self, root: str) -> list[Told]:
        """Return the spans of the newest trace whose server span has this name."""
        found = self.spans()
        newest = [one.trace for one in found if one.name == root and one.kind == "SERVER"][-1:]
        return [one for one in found if one.trace in newest]


def _spans(body: bytes) -> Iterator[Told]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                kind = span.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number[span.kind]
                yield Told(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    kind.name.removeprefix("SPAN_KIND_"),
                    span.status.code == span.status.STATUS_CODE_ERROR,
                    {
                        one.key: getattr(one.value, one.value.WhichOneof("value"))
                        for one in span.attributes
                    },
                )


@contextlib.contextmanager
def running_collector() -> Iterator[Collector]:
    """Run a receiver on a port of the loopback."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.hold.wait(60)
            answer = ExportTraceServiceResponse().SerializeToString()
            with contextlib.suppress(ConnectionError):
                self.send_response(collector.status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            if collector.status == 200:
                assert self.headers["Content-Type"] == "application/x-protobuf"
                assert self.path == "/v1/traces"
                collector.bodies.append(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
