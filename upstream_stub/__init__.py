"""A stub portal and a stub phone: what stands around Portvakt on a developer's machine.

The portal is an ordinary application that believes the identity fields it receives and writes
down every request that reaches it; the phone is an SMS provider whose messages can be read.
It knows the gateway only by what crosses the wire and imports nothing of it.
"""

from __future__ import annotations

from upstream_stub.phone.app import make_phone
from upstream_stub.portal.app import make_portal
from upstream_stub.portal.request_log import REQUEST_LOG, Entry, RequestLog
from upstream_stub.serving import runner_of

__all__ = ["REQUEST_LOG", "Entry", "RequestLog", "make_phone", "make_portal", "runner_of"]
