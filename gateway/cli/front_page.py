"""What answers of our own logon page, as they come through everything in front of us, tell.

Values only: a status, fields and a body in, findings out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final

from gateway.cli.findings import Finding, ok, problem, warning
from gateway.settings.model import PublicUrl
from policies.fields import own_cookies

_TOKEN: Final = re.compile(r'name="form_token" value="([^"]+)"')
_CAUSE: Final = re.compile(r'<code class="cause">([a-z-]+)</code>')
_SKEW_S: Final = 5.0
_SKEW_TOO_MUCH_S: Final = 60.0
_SOON_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `cookies` are the values of Set-Cookie, `date` and `hsts` "" when absent."""

    status: int
    location: str
    cookies: Sequence[str]
    date: str
    hsts: str
    body: str

    @property
    def form_token(self) -> str:
        """Return the token of the first form, "" without one."""
        found = _TOKEN.search(self.body)
        return found[1] if found else ""


def judge_page(answer: Answer, public_url: PublicUrl) -> list[Finding]:
    """Return what the logon page tells of who answers, and of how the cookies get through."""
    wanted = own_cookies(https=public_url.is_https).form
    other = own_cookies(https=not public_url.is_https).form
    cookies = _read(answer.cookies)
    if wanted in cookies:
        return [ok("answers", f"Portvakt, at {public_url.origin}"), *_attributes(cookies, wanted)]
    if other in cookies:
        return [
            problem(
                "answers",
                f"Portvakt, but its cookies are made for another public_url than "
                f"{public_url.origin}",
                "restart the gateway with this gateway.toml, or ask with --config for its own",
            )
        ]
    if answer.form_token:
        return [
            problem(
                "cookies",
                "the page of the logon comes without its cookie",
                "let the proxy in front pass Set-Cookie, and keep it from caching /.gateway/",
            )
        ]
    return [
        problem(
            "answers",
            f"something else than Portvakt (status {answer.status})",
            f"let {public_url.origin}/.gateway/ lead to the address in [listen]",
        )
    ]


def _attributes(cookies: SimpleCookie, name: str) -> list[Finding]:
    morsel = cookies[name]
    secure = name.startswith("__Host-")
    kept = (bool(morsel["secure"]), morsel["path"], morsel["domain"])
    if kept == (secure, "/", "") and morsel["httponly"]:
        return [ok("cookies", "HttpOnly, Path=/" + (", Secure, __Host-" if secure else ""))]
    return [
        problem(
            "cookies",
            "something in front of us rewrites our cookies: browsers will not keep them",
            "take rules for cookies (proxy_cookie_path, proxy_cookie_domain and their kin) away",
        )
    ]


def judge_form(answer: Answer) -> Finding:
    """Return what the answer to an empty form tells: 401 when host, scheme and cookies agree."""
    if answer.status == 401:  # noqa: PLR2004
        return ok("form", "a form posted from public_url is accepted, and its cookie comes back")
    cause = _CAUSE.search(answer.body)
    why = f" ({cause[1]})" if cause else ""
    return problem(
        "form",
        f"a form posted from public_url is refused with {answer.status}{why}",
        "let the proxy in front pass Host, Origin and Cookie as the browser sends them, and write "
        "in public_url what stands in the browser's address bar",
    )


def judge_fields(answer: Answer, public_url: PublicUrl, now: float) -> list[Finding]:
    """Return what Date and Strict-Transport-Security tell."""
    found = [_clock(answer.date, now)]
    if public_url.is_https:
        found.append(
            ok("hsts", answer.hsts)
            if answer.hsts
            else problem(
                "hsts",
                "Strict-Transport-Security does not arrive",
                "let the proxy in front pass it",
            )
        )
    return found


def _clock(date: str, now: float) -> Finding:
    try:
        skew = parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return warning("clock", "the answer has no Date", "compare the clocks by hand")
    if abs(skew) <= _SKEW_S:
        return ok("clock", "the answer's Date is this machine's time")
    advice = "set both clocks by NTP: sessions, codes and assertions live by them"
    kind = problem if abs(skew) > _SKEW_TOO_MUCH_S else warning
    return kind("clock", f"the answer's Date differs by {skew:+.0f} s from here", advice)


def judge_certificate(seconds_left: float) -> Finding:
    """Return what a certificate that browsers trust has left."""
    days = int(seconds_left // 86_400)
    if days < _SOON_DAYS:
        return warning("certificate", f"valid for {days} more days", "renew it")
    return ok("certificate", f"trusted here, valid for {days} more days")


def judge_upgrade(status: int) -> Finding:
    """Return what the answer to a WebSocket without a session tells.

    It asks as a page load too: the gateway answers 401 only when it saw the upgrade.
    """
    if status == 401:  # noqa: PLR2004
        return ok("websocket", "the upgrade reaches the gateway")
    return problem(
        "websocket",
        f"the upgrade does not reach the gateway (status {status})",
        "let the proxy in front pass Upgrade and Connection, by HTTP/1.1",
    )


def judge_peer(status: int, *, proxy_in_front: bool, trusted: bool) -> Finding:
    """Return what `/.gateway/verify` tells: it is 403 to who is not in trusted_proxies."""
    part, believed = "trusted_proxies", status != 403  # noqa: PLR2004
    if believed:
        return ok(part, "what connects to the gateway is trusted to say who the client is")
    if proxy_in_front:
        return problem(
            part,
            "the proxy in front is not trusted: everybody seems to come from its address",
            "write its address into [listen] trusted_proxies",
        )
    if trusted:
        return warning(
            part,
            "what connects to the gateway from here is not in trusted_proxies",
            "right when public_url leads here without the proxy; else add the proxy's address",
        )
    return ok(part, "none, and none seems to be needed")


def _read(lines: Sequence[str]) -> SimpleCookie:
    found = SimpleCookie()
    for line in lines:
        try:
            found.load(line)
        except CookieError:
            continue
    return found
