"""gateway/pages/asked.py: marks of those who were asked, in a cookie."""

from gateway.pages.asked import mark_of, was_asked, with_asked

SECRET = b"0123456789abcdef"


def test_each_user_is_remembered_and_none_is_named() -> None:
    cookie = with_asked(with_asked("", "anna", SECRET), "bo", SECRET)
    assert was_asked(cookie, "anna", SECRET)
    assert was_asked(cookie, "bo", SECRET)
    assert not was_asked(cookie, "eve", SECRET)
    assert not was_asked(cookie, "anna", b"another secret!!")
    assert "anna" not in cookie


def test_whatever_stood_in_it_the_cookie_stays_small() -> None:
    cookie = "x" * 9000 + ".å;.DEADBEEF0000"
    for number in range(100):
        cookie = with_asked(cookie, f"user{number}", SECRET)
    assert len(cookie) < 600
    assert cookie.isascii()
    assert was_asked(cookie, "user99", SECRET)
    assert not was_asked(cookie, "user0", SECRET)
    assert mark_of("user99", SECRET) in cookie
