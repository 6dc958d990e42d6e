"""gateway/pages/templating.py: escaping is always on, and a missing value is an error."""

import pytest
from jinja2 import UndefinedError

from gateway.pages.static import Files
from gateway.pages.templating import Templates
from gateway.settings.model import Branding
from gateway.texts.catalog import OwnText, Texts

HOSTILE = "<b>\"'&"
ESCAPED = "&lt;b&gt;&#34;&#39;&amp;"
TEMPLATES = Templates(Branding(), Texts(), Files())


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
    text = TEMPLATES.environment(language).from_string(template).render(name=HOSTILE)
    assert ESCAPED in text
    assert HOSTILE not in text


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        TEMPLATES.render("logout.html", "en", {})


def test_an_organisations_own_texts_are_words_and_not_html() -> None:
    says = OwnText("en", ("You are logged on as %(name)s.",), ("<b>%(name)s</b> & co",))
    own = Templates(Branding(), Texts([says]), Files()).environment("en")
    text = own.from_string("{{ _('You are logged on as %(name)s.', name='<i>') }}").render()
    assert text == "&lt;b&gt;&lt;i&gt;&lt;/b&gt; &amp; co"
