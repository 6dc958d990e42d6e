"""gateway/pages/templating.py: escaping is always on, and a missing value is an error."""

import pytest
from jinja2 import UndefinedError

from gateway.pages.templating import environment, render

HOSTILE = "<b>\"'&"
ESCAPED = "&lt;b&gt;&#34;&#39;&amp;"


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize(
    "template",
    [
        "{{ name }}",
        '<a title="{{ name }}">',
        "{{ _('You are logged on as %(name)s.', name=name) }}",
        "{{ ngettext('%(num)d ' ~ 'x', '%(num)d x %(name)s', 2, name=name) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ name }}{% endcall %}",
    ],
)
def test_values_are_escaped_everywhere(language: str, template: str) -> None:
    text = environment(language).from_string(template).render(name=HOSTILE)
    assert ESCAPED in text
    assert HOSTILE not in text


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("logout.html", "en", {})


def test_one_environment_a_language() -> None:
    assert environment("sv") is environment("sv")
    assert environment("sv") is not environment("en")
