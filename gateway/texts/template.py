"""A `.po` file of all texts, to be filled in by an organisation that says some in its own words."""

from __future__ import annotations

from babel.messages.pofile import escape

from gateway.texts.catalog import SOURCE, parts, shipped, sources
from policies.languages import LANGUAGES, NAMES

_HEAD = """\
# Every text of pages and messages ({name}). Where yours is to stand in place of ours, which is in
# the comment above, write it between the quotes of msgstr; leave the others empty. What stands as
# %(name)s or {{name}} is filled in, and must stand in your text too. Save this as {language}.po in
# the directory that [branding] names, and look with: portvakt check
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


def template(language: str) -> str:
    """Return the file for one of LANGUAGES: every text once, by where it stands, none filled in."""
    catalog, ordered = shipped(language), shipped(LANGUAGES[-1])
    written = [_HEAD.format(language=language, name=NAMES[language])]
    for source in sources():
        known = ordered.get(source[0])
        heading = [f"# {line}\n\n" for line in known.user_comments] if known is not None else []
        ours = catalog.get(source[0])
        says = parts(ours.string) if language != SOURCE and ours is not None else source
        written.append("".join(heading) + _entry(source, says))
    return "\n".join(written)


def _entry(source: tuple[str, ...], says: tuple[str, ...]) -> str:
    lines = [f"#. {text}" for text in says]
    lines.append(f"msgid {escape(source[0])}")
    if len(source) > 1:
        lines += [f"msgid_plural {escape(source[1])}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines) + "\n"
