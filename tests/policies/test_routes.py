"""policies/routes.py: which route a host and a path belong to, and which paths are refused."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies import routes
from policies.decision import Deny, Reason
from policies.routes import PAGES, Route, RouteTable, place

HOST = b"localhost"
ROOT = Route("/", "portal", line=1)
STATIC = Route("/static/", "portal", public=True, line=2)
HR = Route("/hr/", "portal", groups=frozenset({"hr"}), line=3)
DEEP = Route("/static/private/x/", "portal", line=4)
ROUTES = [ROOT, STATIC, HR, DEEP]
TABLE = RouteTable(ROUTES, frozenset({HOST}))
AMBIGUOUS = Deny(400, Reason.AMBIGUOUS_PATH)

FOUND = {
    b"/": ROOT,
    b"/a": ROOT,
    b"/hrx": ROOT,
    b"/h": ROOT,
    b"/x/hr/": ROOT,
    b"/static": STATIC,
    b"/static/": STATIC,
    b"/static/a.b/c": STATIC,
    b"/staticx": ROOT,
    b"/static/private": STATIC,
    b"/static/private/x": DEEP,
    b"/static/private/x/y": DEEP,
    b"/hr": HR,
    b"/hr/": HR,
    b"/hr/a/b": HR,
    b"/hr/A%20b": HR,
    b"/hr//a": HR,
    b"/.gateway": PAGES,
    b"/.gateway/": PAGES,
    b"/.gateway/logon": PAGES,
    b"/.gatewayx": ROOT,
    b"/.well-known/change-password": PAGES,
    b"/.well-known/change-passwords": ROOT,
    b"/.well-known/change": ROOT,
    b"/.well-known": ROOT,
    b"/a%20b": ROOT,
    b"/a/./b": ROOT,
    b"/a//b": ROOT,
    b"/A/B;c=d": ROOT,
    b"/a..b/c...d": ROOT,
    b"/hr/a..b": HR,
    b"/hr/./a..b": HR,
    b"/hr/a. b/./c": HR,
    b"/a..b;c?": ROOT,
    b"/sm%C3%B6rg%C3%A5s": ROOT,
    b"/sm%F6rg%E5s": ROOT,  # Latin-1, as old portals write it
    b"/what%3F.pdf": ROOT,
    b"/100%25": ROOT,
    b"/x%2fy": ROOT,
    b"/STATIC/x": ROOT,  # judged as the guarded one: another spelling wins nobody a public route
    b"/%73tatic/x": ROOT,
    b"//static/x": ROOT,
    b"/hr/" + b"a" * 99: HR,
    b"/hr/" + b"b/" * 40: HR,
    b"/hr" + b"a" * 99: ROOT,
    b"/static/private/x/" + b"c/" * 40: DEEP,
    b"/static/private/x" + b"c" * 40: STATIC,
    b"/.well-known/change-password/" + b"d" * 40: PAGES,
    b"/" + b"e" * 99: ROOT,
}

LONG = Route("/personal/loner/" + "x" * 40 + "/", "portal", line=7)
WIDE = Route("/\ufdfa/", "portal", groups=frozenset({"hr"}), line=8)  # 3 bytes, 33 when folded
NARROW = Route("/" + "\uff41" * 20 + "/", "portal", line=9)  # 62 bytes, 21 when folded
KEY = place(WIDE)[1].encode()


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (LONG.path.encode(), LONG),
        (LONG.path.encode() + b"a" * 99, LONG),
        (LONG.path.encode() + b"b/" * 99, LONG),
        (LONG.path.encode()[:-1] + b"c" * 99, ROOT),
        (LONG.path.encode()[:-2] + b"/", ROOT),
        (WIDE.path.encode() + b"d" * 99, WIDE),
        (NARROW.path.encode() + b"e/" * 9, NARROW),
    ],
)
def test_a_path_longer_than_our_own_is_found_whole(path: bytes, route: Route) -> None:
    longest = [ROOT, NARROW] if route is NARROW else [LONG, ROOT, WIDE]
    assert RouteTable(longest, frozenset({HOST})).find(HOST, path) is route


def test_a_path_that_grows_when_it_is_folded_is_guarded_in_that_spelling_too() -> None:
    table = RouteTable([ROOT, WIDE], frozenset({HOST}))
    assert len(KEY) > len(WIDE.path.encode()) + 20
    for tail in (b"", b"/", b"/a", b"/" + b"e" * 99):
        assert table.find(HOST, KEY + tail) == AMBIGUOUS


@pytest.mark.parametrize("path", FOUND, ids=repr)
def test_found(path: bytes) -> None:
    assert RouteTable(ROUTES, frozenset({HOST})).find(HOST, path) is FOUND[path]


REFUSED = [
    # other spellings of a guarded place
    b"/HR/", b"/Hr/a", b"/hr%2f", b"/hr%2Fa", b"/h%72/", b"/%68%72", b"/h%2572/", b"/h%252572/",
    b"/hr;a=b/", b"/hr%3ba/", b"//hr/", b"///hr", b"/./hr/", b"/%2e/hr/", b"/hr./", b"/hr.", b"/hr%20/", b"/%20hr/", b"/%20%20hr%20/x",
    b"/hr%2e/", b"/hr%3fx", b"/hr%23x", b"/x/../hr/", b"/x/%2e%2e/hr/", b"/x/%2e./hr", b"/x/..%2fhr",
    b"/x%2f..%2fhr", b"/x/..;/hr", b"/x/..;a=b/hr", b"/x/..%3b/hr", b"/%5chr/", b"/x%5c..%5chr",
    # an authority before the path: new URL("//x/hr", base) reads /hr
    b"//x/hr/", b"///x/hr", b"//x@y:1/hr/a", b"//.//%3f/hr", b"//a//b//c//d", b"/%2fx/hr",
    # parameters taken off before decoding, as servlet containers do, or after it
    b"/;%23/h%72/x", b"/;%3f/h%72", b"/;a=%2523/%68r/", b"/%3b%23/hr", b"/%3b%2523/h%72", b"/%EF%BC%9B%23/hr",
    b"/x/;%23/;%3f/..;/h%72", b"//%3bhr%23/h%72", b"/;%23/%2egateway/logon", b"/static/;%23/p%72ivate/x",
    # look-alike characters (NFKC, case folding), overlong UTF-8
    b"/%EF%BD%88%EF%BD%92/", b"/h%EF%BC%B2/", b"/%EF%BC%8Fhr", b"/%C0%AFhr", b"/%c0%ae%c0%ae/hr",
    b"/x%C0%AF..%C0%AFhr", b"/%E0%80%AFhr", b"/%F0%80%80%AFhr", b"/x/%E2%80%A5/hr", b"/x/%EF%BC%8E%EF%BC%8E/hr",
    b"/%C1%9Chr",
    # climbing anywhere, also out of a public place and to nowhere
    b"/..", b"/static/..", b"/static/../hr/", b"/static/%2e%2e/", b"/static/..;/", b"/static/..%20/", b"/static/.%20.",
    b"/static/...", b"/static/..%5c", b"/a/%252e%252e/b",
    b"/static/..%3f", b"/static/..%23a", b"/static/%2e%2e%253f", b"/a/..;%3f",
    # bytes that end a name elsewhere
    b"/hr%00", b"/static/a%00.css", b"/a%0d%0ab", b"/a%09b", b"/hr%0a", b"/a%2500b",
    # decoded for ever
    b"/%252525252e", b"/%2525252500",
    # out of the public place into a guarded one
    b"/static/PRIVATE/x", b"/static/private%2fx/y", b"/static//private/x", b"/static;a/private/x", b"/static/private;a/x",
    # the pages
    b"/.GATEWAY/", b"/.gateway;a/logon", b"/%2egateway/logon", b"//.gateway/logon", b"//x/.gateway/logon",
    b"/.gateway%2flogon", b"/.gateway./logon", b"/x/..%2f.gateway/",
]  # fmt: skip


@pytest.mark.parametrize("path", REFUSED, ids=repr)
def test_refused(path: bytes) -> None:
    assert TABLE.find(HOST, path) == AMBIGUOUS


@pytest.mark.parametrize("path", [b"/x", b"/%78", b"//x", b"/X;y", b"/a%20b/c"])
def test_no_reading_no_route(path: bytes) -> None:
    table = RouteTable([Route("/hr/", "portal")], frozenset({HOST}))
    assert table.find(HOST, path) == Deny(404, Reason.NO_ROUTE)


def test_no_root_no_route() -> None:
    table = RouteTable([HR], frozenset({HOST}))
    assert table.find(HOST, b"/x") == Deny(404, Reason.NO_ROUTE)
    assert table.find(HOST, b"/hr/x") is HR
    assert table.find(HOST, b"/HR/") == AMBIGUOUS
    assert table.find(HOST, b"/.gateway/") is PAGES
    assert RouteTable([], frozenset({HOST})).find(HOST, b"/") == Deny(404, Reason.NO_ROUTE)


def test_a_route_with_capitals_guards_small_letters_too() -> None:
    """A server that ignores case serves /HR/ for /hr/; nobody else's rule may apply there."""
    capital = Route("/HR/", "portal", groups=frozenset({"hr"}), line=2)
    table = RouteTable([ROOT, capital], frozenset({HOST}))
    assert table.find(HOST, b"/HR/x") is capital
    for path in (b"/hr/x", b"/Hr", b"//HR", b"/hr;/x"):
        assert table.find(HOST, path) == AMBIGUOUS
    public = RouteTable([ROOT, Route("/Static/", "portal", public=True)], frozenset({HOST}))
    assert public.find(HOST, b"/static/x") is ROOT


HOSTS = {
    b"localhost": ROOT,
    b"x.example.se": Route("/", "x", host="x.example.se", line=5),
    b"y.example.se": Route("/", "wild", host="*.example.se", line=6),
}
HOSTED = RouteTable([HR, *HOSTS.values()], frozenset({HOST}))


@pytest.mark.parametrize(
    ("host", "route"),
    [
        *HOSTS.items(),
        (b"evilexample.se", None),
        (b"xxexample.se", None),
        (b"a.b.example.se", None),
        (b"example.se", None),
        (b".example.se", None),
        (b"example.se.evil", None),
        (b"x.example.se.evil", None),
        (b"localhost.", None),
        (b"evil", None),
        (b"", None),
    ],
)  # fmt: skip
def test_hosts(host: bytes, route: Route | None) -> None:
    if route is None and host == b".example.se":  # a label that no name has
        return
    assert HOSTED.find(host, b"/") == (route or Deny(400, Reason.UNKNOWN_HOST))


def test_another_spelling_of_a_public_route_with_conditions_is_refused() -> None:
    """Who may open / from anywhere might not open /static/ there, however public it is."""
    closed = Route("/static/", "portal", public=True, networks=frozenset({"corporate"}), line=2)
    table = RouteTable([ROOT, closed], frozenset({HOST}))
    assert table.find(HOST, b"/static/x") is closed
    for path in (b"/STATIC/x", b"/%73tatic/x", b"//static/x"):
        assert table.find(HOST, path) == AMBIGUOUS


def test_the_more_specific_host_decides_first() -> None:
    exact, wild = HOSTS[b"x.example.se"], HOSTS[b"y.example.se"]
    assert HOSTED.find(b"x.example.se", b"/hr/") is exact
    assert HOSTED.find(b"y.example.se", b"/hr/") is wild
    assert HOSTED.find(HOST, b"/hr/") is HR
    narrow = Route("/only/", "x", host="x.example.se")
    table = RouteTable([ROOT, HR, narrow], frozenset({HOST}))
    assert table.find(b"x.example.se", b"/only/a") is narrow
    assert table.find(b"x.example.se", b"/hr/a") is HR
    assert table.find(HOST, b"/only/a") is ROOT
    assert table.find(b"x.example.se", b"/.gateway/logon") is PAGES
    assert table.find(b"x.example.se", b"/.well-known/change-password") is PAGES
    assert table.find(b"x.example.se", b"/HR") == AMBIGUOUS


@pytest.mark.parametrize(
    ("one", "other"),
    [("/hr/", "/hr"), ("/hr/", "/HR/"), ("/", "//"), ("/a/b", "/a//b/"), ("/a;x", "/a")],
)
def test_two_routes_in_one_place(one: str, other: str) -> None:
    assert place(Route(one, "x")) == place(Route(other, "y"))
    with pytest.raises(ValueError, match="lines 7 and 9"):
        RouteTable([Route(one, "x", line=7), Route(other, "y", line=9)], frozenset({HOST}))
    hosts = [Route(one, "x", host="a.se"), Route(other, "y")]
    assert RouteTable(hosts, frozenset({HOST}))
    assert place(hosts[0]) != place(hosts[1])


@pytest.mark.parametrize("path", ["/.gateway", "/.gateway/", "/.Gateway/static/", "//.gateway/x"])
def test_the_pages_belong_to_the_gateway(path: str) -> None:
    with pytest.raises(ValueError, match=r"^(line 3: /\.gateway/ holds|two routes)"):
        RouteTable([Route(path, "x", line=3)], frozenset({HOST}))


def test_route_for_a_target() -> None:
    assert TABLE.route_for(HOST, b"/hr/a?b=/static/") is HR
    assert TABLE.route_for(HOST, b"/.gateway/logon") is None
    assert TABLE.route_for(HOST, b"/HR/") is None
    assert TABLE.route_for(b"evil", b"/hr/") is None
    assert TABLE.route_for(HOST, b"/static/a?/hr/") is STATIC
    assert TABLE.route_for(HOST, b"/hr?x?y") is HR
    assert TABLE.route_for(HOST, b"/hr??../") is HR


@pytest.mark.parametrize(
    ("host", "path", "wanted"),
    [
        (HOST, b"/x", (ROOT,)),
        (HOST, b"/hr/a", (HR,)),
        (HOST, b"/HR/", (ROOT, HR)),
        (HOST, b"/%68r/", (ROOT, HR)),
        (HOST, b"//hr/;x", (ROOT, HR)),
        (HOST, b"/static/../hr/", (STATIC,)),
        (HOST, b"/x/..%2fhr/", (ROOT,)),  # refused whatever it means
        (HOST, b"/.gateway/help", (PAGES,)),
        (b"elsewhere", b"/hr/", ()),
    ],
)
def test_contenders_are_the_routes_of_all_readings(
    host: bytes, path: bytes, wanted: tuple[Route, ...]
) -> None:
    assert TABLE.contenders(host, path) == wanted


def test_a_place_is_a_host_and_a_folded_path() -> None:
    assert place(Route("/HR//a/", "x")) == ("", "/hr/a")
    assert place(Route("/hr", "x", host="a.se")) == ("a.se", "/hr")


# Properties.

SEGMENTS = st.sampled_from(["a", "b", "hr", "static", "x.y", "private"])
PATHS = st.lists(SEGMENTS, max_size=4).map(lambda parts: "/" + "/".join(parts))


def naive(table: list[Route], path: str) -> Route | None:
    """Scan every route for the longest prefix that ends at a slash."""
    best = None
    for route in table:
        prefix = route.path.rstrip("/")
        if (path == prefix or path.startswith(prefix + "/")) and (
            best is None or len(prefix) > len(best.path.rstrip("/"))
        ):
            best = route
    return best


@given(st.lists(PATHS, max_size=8, unique=True), PATHS, st.booleans())
def test_the_table_is_a_scan_of_all_routes(paths: list[str], path: str, slash: bool) -> None:
    configured = [Route(each, "x", line=n) for n, each in enumerate(paths)]
    path += "/" if slash and not path.endswith("/") else ""
    found = RouteTable(configured, frozenset({HOST})).find(HOST, path.encode())
    assert found == (naive(configured, path) or Deny(404, Reason.NO_ROUTE))


NAMES = st.sampled_from([None, "a.se", "x.a.se", "*.a.se", "*.x.a.se"])
ASKED = st.sampled_from([b"localhost", b"a.se", b"x.a.se", b"y.a.se", b"z.x.a.se", b"b.se"])


def naive_host(pattern: str | None, host: str) -> int:
    """How closely a route's host fits: 0 not at all, 1 any host, 2 a wildcard, 3 to the letter."""
    if pattern is None:
        return 1
    if pattern.startswith("*."):
        return 2 if host.partition(".")[2] == pattern[2:] and host != pattern[2:] else 0
    return 3 if host == pattern else 0


@given(
    st.lists(st.tuples(NAMES, PATHS), max_size=8, unique=True),
    ASKED,
    PATHS,
)
def test_hosts_and_paths_are_a_scan_of_all_routes(
    places: list[tuple[str | None, str]], host: bytes, path: str
) -> None:
    configured = [Route(each, "x", host=name, line=n) for n, (name, each) in enumerate(places)]
    fitting = [(naive_host(one.host, host.decode()), one) for one in configured]
    ours = host == HOST or any(fit > 1 for fit, _ in fitting)
    best = None
    for fit in (3, 2, 1):
        best = best or naive([one for how, one in fitting if how == fit], path)
    expected = best or Deny(404, Reason.NO_ROUTE) if ours else Deny(400, Reason.UNKNOWN_HOST)
    assert RouteTable(configured, frozenset({HOST})).find(host, path.encode()) == expected


TRICKS = st.sampled_from([
    b"/", b"//", b"/./", b"/../", b"..", b".", b";", b";a=b", b"%2f", b"%2F", b"%5c", b"%2e", b"%252f", b"%252e",
    b"%25252e", b"%3b", b"%3f", b"%23", b"%00", b"%20", b"%0a", b"%c0%af", b"%c0%ae", b"%e0%80%ae", b"%ef%bc%8f",
    b"%EF%BD%88", b"h", b"r", b"hr", b"HR", b"%68", b"%72", b"%2568", b"static", b"STATIC", b"%73tatic", b"private",
    b"x", b"@", b":", b".gateway",
])  # fmt: skip
TRICKY = st.lists(TRICKS, max_size=8).map(lambda parts: b"/" + b"".join(parts))


def readings(path: bytes) -> set[bytes]:
    """Return what servers of several kinds make of a path; written apart from the rules."""
    found, todo = set(), {path}
    for _ in range(6):
        more = {unquote_to_bytes(text) for text in todo}
        more |= {text.replace(b"\\", b"/") for text in more}
        more |= {text.lower() for text in more}
        more |= {text.partition(b"?")[0] for text in more}
        more |= {text.partition(b"#")[0] for text in more}
        more |= {b"/".join(part.partition(b";")[0] for part in text.split(b"/")) for text in more}
        more |= {
            b"/" + text.lstrip(b"/").partition(b"/")[2] for text in more if text.startswith(b"//")
        }
        todo = more - found
        found |= more
    return {resolved(text, merge=merge) for text in found for merge in (True, False)}


def resolved(path: bytes, *, merge: bool) -> bytes:
    """Remove dot segments (RFC 3986 section 5.2.4), and empty segments when `merge`."""
    out: list[bytes] = []
    for part in path.split(b"/")[1:]:
        if part == b"..":
            del out[-1:]
        elif part != b"." and (part or not merge):
            out.append(part)
    return b"/" + b"/".join(out)


@given(TRICKY)
@example(b"/static/..%2fhr")
@example(b"//x/hr")
@example(b"/;%23/h%72")
@example(b"/static/..%3f")
def test_no_path_is_public_or_open_when_a_reading_of_it_is_guarded(path: bytes) -> None:
    found = TABLE.find(HOST, path)
    if not isinstance(found, Route):
        return
    for reading in readings(path):
        route = naive([ROOT, STATIC, HR, DEEP, PAGES], reading.decode("latin-1"))
        assert route is not None
        if found.public and found is not PAGES:
            assert route.public, reading
            assert route is not PAGES, reading
        if found is ROOT:
            assert route is not HR, reading
        if route is PAGES:
            assert found is PAGES, reading


@given(TRICKY)
def test_what_a_path_is_found_as_is_what_its_bytes_say(path: bytes) -> None:
    """The bytes judged are the bytes sent: a route is found for the path as it stands or not."""
    found = TABLE.find(HOST, path)
    if isinstance(found, Route):
        assert found is naive([ROOT, STATIC, HR, DEEP, PAGES], path.decode("latin-1"))


@given(st.binary(max_size=60))
def test_any_bytes_have_an_answer(path: bytes) -> None:
    found = TABLE.find(HOST, b"/" + path)
    assert isinstance(found, Route) or found.status in {400, 404}


class CountedDict(dict):
    """A dict that counts its look-ups and the bytes hashed for them."""

    asked = hashed = 0

    def get(self, key, default=None):
        CountedDict.asked += 1
        CountedDict.hashed += len(key)
        return super().get(key, default)


@pytest.mark.parametrize("path", [b"/" * 16_000, b"/a" * 8_000, b"/A" * 8_000, b"/%2f" * 4_000])
def test_a_long_path_costs_no_more_lookups_than_a_short_one(path: bytes) -> None:
    table = RouteTable([ROOT, STATIC, HR, DEEP], frozenset({HOST}))
    level = table._any_host
    level.exact, level.folded = CountedDict(level.exact), CountedDict(level.folded)
    CountedDict.asked = CountedDict.hashed = 0
    table.find(HOST, path)
    assert CountedDict.asked <= 8 * (level.longest + 2)
    assert CountedDict.hashed <= 8 * (level.longest + 2) ** 2


def test_readings_are_few() -> None:
    for path in (b"/%2525252525252e", b"//" + b"%25" * 4000, b"/" + b"%2f" * 4000):
        assert len(list(routes._readings(path))) <= 4 * routes._MAX_DECODINGS + 1


def test_a_host_of_our_own_may_have_routes_of_its_own() -> None:
    """Both kinds of names, each alone: a table without any looks them up in a shorter way."""
    own = frozenset({b"one.example.se", HOST})
    for host in ("one.example.se", "*.example.se"):
        narrow = Route("/hr/", "x", host=host, groups=frozenset({"boss"}), line=9)
        table = RouteTable([ROOT, HR, narrow], own)
        assert table.find(b"one.example.se", b"/hr/a") is narrow
        assert table.find(b"one.example.se", b"/") is ROOT
        assert table.find(HOST, b"/hr/a") is HR


def test_a_label_is_host_and_path_as_written() -> None:
    assert Route("/HR/", "x").label == "/HR/"
    assert Route("/HR/", "x", host="a.se").label == "a.se/HR/"


def test_the_bytes_of_a_path_are_contenders_before_what_they_decode_to() -> None:
    capitals = RouteTable([ROOT, Route("/A%41/", "x", line=2)], frozenset({HOST}))
    assert [one.path for one in capitals.contenders(HOST, b"/A%41/")] == ["/A%41/", "/"]
    assert capitals.contenders(HOST, b"/a%41/")[0] is ROOT
    large = Route("/HR/", "x", line=2)
    assert RouteTable([ROOT, large], frozenset({HOST})).contenders(HOST, b"/%48r/") == (ROOT, large)
