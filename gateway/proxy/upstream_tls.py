"""How the certificate of an https upstream is verified: always, by name and by authority."""

from __future__ import annotations

import ssl

from gateway.settings.model import Upstream


def upstream_tls(upstream: Upstream) -> ssl.SSLContext | None:
    """Return the context for an upstream's connections, None when none of them is https.

    TLS 1.2 or newer. With `tls_ca` only that authority counts, else those of the machine. Raises
    OSError, whose text names the upstream, when the file holds no certificate.
    """
    if not any(url.scheme == "https" for url in upstream.urls):
        return None
    try:
        context = ssl.create_default_context(cafile=upstream.tls_ca)
    except OSError as error:
        raise OSError(
            f"{upstream.tls_ca}, the tls_ca of upstream {upstream.name}, holds no PEM certificate"
            f" ({error.strerror or type(error).__name__})"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
