"""policies/access.py: the decision about one request, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.access import decide, judge_origin, same_origin
from policies.circumstances import Circumstances
from policies.decision import Allow, Challenge, Deny, Reason, StepUp
from policies.factors import SecondFactor
from policies.routes import Route


@dataclass(frozen=True)
class Who:
    groups: tuple[str, ...] = ()
    factors: tuple[str, ...] = ("pwd",)
    user: str = "anna"
    created: float = 0.0


def seen(network: str, method: bytes = b"GET", idle_s: float = 0.0) -> Circumstances:
    return Circumstances(network, method, 100.0, idle_s)


PUBLIC = Route("/static/", "p", public=True)
OPEN = Route("/", "p")
ALWAYS = Route("/", "p", second_factor=SecondFactor.ALWAYS)
NEVER = Route("/", "p", second_factor=SecondFactor.NEVER)
HR = Route("/hr/", "p", groups=frozenset({"hr", "boss"}))
PWD, OTP = Who(), Who(factors=("pwd", "otp"))
HR_PWD, HR_OTP = Who(("x", "hr")), Who(("hr",), ("pwd", "otp"))
YES, ANYBODY = Allow(Reason.SESSION), Allow(Reason.PUBLIC_ROUTE)
NO_ONE, CODE = Challenge(Reason.NO_SESSION), StepUp(Reason.CODE_NEEDED)
NOT_YOU = Deny(403, Reason.GROUP_MISSING)

ROWS = [
    (PUBLIC, None, "internet", ANYBODY),
    (PUBLIC, PWD, "internet", ANYBODY),
    (OPEN, None, "corporate", NO_ONE),
    (OPEN, None, "internet", NO_ONE),
    (HR, None, "corporate", NO_ONE),
    (NEVER, None, "corporate", NO_ONE),
    (OPEN, PWD, "corporate", YES),
    (OPEN, PWD, "internet", CODE),
    (OPEN, PWD, "", CODE),
    (OPEN, PWD, "Corporate", CODE),
    (OPEN, OTP, "internet", YES),
    (ALWAYS, PWD, "corporate", CODE),
    (ALWAYS, OTP, "corporate", YES),
    (NEVER, PWD, "internet", YES),
    (HR, PWD, "corporate", NOT_YOU),
    (HR, PWD, "internet", NOT_YOU),  # no code is sent for a door that stays shut
    (HR, OTP, "internet", NOT_YOU),
    (HR, HR_PWD, "corporate", YES),
    (HR, HR_PWD, "internet", CODE),
    (HR, HR_OTP, "internet", YES),
    (HR, Who(("HR",)), "corporate", NOT_YOU),
    (HR, Who(("hr ",)), "corporate", NOT_YOU),
]


@pytest.mark.parametrize(("route", "who", "network", "decision"), ROWS)
def test_row(route: Route, who: Who | None, network: str, decision: object) -> None:
    assert decide(route, who, seen(network)) == decision


TRIAL = Route(
    "/t/",
    "p",
    users=frozenset({"bo"}),
    groups=frozenset({"hr"}),
    networks=frozenset({"corporate"}),
    methods=frozenset({b"GET"}),
    idle=timedelta(seconds=9),
    absolute=timedelta(seconds=99),
    report_only=True,
)
REPORTED = [
    (TRIAL, None, seen("corporate"), NO_ONE),
    (TRIAL, PWD, seen("internet"), CODE),  # a code is never looked past
    (TRIAL, OTP, seen("internet"), Allow(Reason.SESSION, Reason.USER_NOT_LISTED)),
    (replace(TRIAL, users=frozenset()), PWD, seen("corporate"), Allow(Reason.SESSION, Reason.GROUP_MISSING)),
    (replace(TRIAL, users=frozenset()), HR_OTP, seen("internet"), Allow(Reason.SESSION, Reason.NETWORK_NOT_ALLOWED)),
    (TRIAL, Who(("hr",), user="bo"), seen("corporate", b"POST"), Allow(Reason.SESSION, Reason.METHOD_NOT_ALLOWED)),
    (TRIAL, Who(("hr",), user="bo"), seen("corporate"), Allow(Reason.SESSION, Reason.SESSION_TOO_OLD)),
    (TRIAL, Who(("hr",), user="bo", created=50.0), seen("corporate", idle_s=9), Allow(Reason.SESSION, Reason.SESSION_IDLE)),
    (TRIAL, Who(("hr",), user="bo", created=50.0), seen("corporate"), YES),
]  # fmt: skip


@pytest.mark.parametrize(("route", "who", "circumstances", "decision"), REPORTED)
def test_report_only(
    route: Route, who: Who | None, circumstances: Circumstances, decision: object
) -> None:
    assert decide(route, who, circumstances) == decision


ROUTES = st.builds(
    Route,
    st.just("/"),
    st.just("p"),
    public=st.booleans(),
    groups=st.frozensets(st.sampled_from("abc")),
    second_factor=st.sampled_from(SecondFactor),
)
PEOPLE = st.builds(
    Who,
    st.lists(st.sampled_from("abc")).map(tuple),
    st.lists(st.sampled_from(["pwd", "otp", "x"])).map(tuple),
)


@given(ROUTES, st.none() | PEOPLE, st.sampled_from(["corporate", "internet", "", "x"]))
def test_nothing_is_allowed_by_accident(route: Route, who: Who | None, network: str) -> None:
    decision = decide(route, who, seen(network))
    if isinstance(decision, Allow) and not route.public:
        assert who is not None
        assert not route.groups or set(who.groups) & route.groups
        assert (
            "otp" in who.factors
            or route.second_factor is SecondFactor.NEVER
            or (route.second_factor is SecondFactor.OUTSIDE_CORPORATE and network == "corporate")
        )


OWN = frozenset({"https://portal.example.se"})
FRIENDLY = Route("/", "p", origins=("public_url", "https://friend.example"))
CLOSED = Route("/", "p", origins=("https://friend.example",))
SHUT = Route("/", "p", origins=())
NO = Deny(403, Reason.ORIGIN_NOT_ALLOWED)
ORIGINS = [
    (OPEN, "https://portal.example.se", None),
    (FRIENDLY, "https://portal.example.se", None),
    (FRIENDLY, "https://friend.example", None),
    (CLOSED, "https://friend.example", None),
    (CLOSED, "https://portal.example.se", NO),
    (SHUT, "https://portal.example.se", NO),
    (OPEN, None, NO),
    (OPEN, "", NO),
    (OPEN, "null", NO),
    (OPEN, "public_url", NO),  # a word of gateway.toml is no origin
    (OPEN, "https://PORTAL.example.se", NO),
    (OPEN, "https://portal.example.se/", NO),
    (OPEN, "https://portal.example.se:443", NO),
    (OPEN, "https://portal.example.se.evil", NO),
    (OPEN, "https://evil.example?https://portal.example.se", NO),
    (OPEN, "http://portal.example.se", NO),
    (OPEN, "https://friend.example", NO),
    (OPEN, "https://portal.example.se, https://evil.example", NO),
]


@pytest.mark.parametrize(("route", "origin", "refusal"), ORIGINS)
def test_origin(route: Route, origin: str | None, refusal: Deny | None) -> None:
    assert judge_origin(route, origin, OWN) == refusal


def test_an_origin_is_a_scheme_and_a_host_in_small_letters() -> None:
    assert same_origin("https", "One.Example.SE:8443") == "https://one.example.se:8443"
