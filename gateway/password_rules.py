"""The password rules of a configuration, with the Swedish words that they need.

The words are those of the `hunspell-sv` package (Den stora fria ordlistan and SALDO, LGPL-3.0),
read where it is installed: that takes about half a second and 30 MB, once a process and only where
a password is set. The common passwords are the 30 000 that `zxcvbn` (MIT) ranks first. The file
of further passwords is read each time.
"""

from __future__ import annotations

import functools
from collections.abc import Container
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

from gateway.settings.forbidden import read_forbidden
from gateway.settings.model import Settings
from policies.passwords import Forbidden, PasswordRules, context_words, normal
from policies.readings import letters
from policies.word_forms import WordForms, read_word_forms

PACKAGE: Final = "hunspell-sv"
PRODUCT: Final = "Portvakt"

_AFFIXES, _WORDS = "sv_SE.aff", "sv_SE.dic"


class WordsMissing(Exception):
    """The word list is not installed, or is not what it was; the text says what to do."""


def compile_password_rules(settings: Settings) -> PasswordRules:
    """Return the rules of `[password]`, ready to judge.

    Reads files, so call it off the event loop. Raises WordsMissing, and OSError or ValueError when
    the file of forbidden passwords went bad after gateway.toml was read.
    """
    wanted = settings.password
    words: WordForms | frozenset[str] = (
        swedish_words() if Forbidden.SWEDISH_WORDS in wanted.forbid else frozenset()
    )
    needs_common = Forbidden.COMMON_PASSWORDS in wanted.forbid
    file = wanted.forbidden_file
    return PasswordRules(
        min_length=wanted.min_length,
        require=frozenset(wanted.require),
        allowed=wanted.allowed,
        forbid=frozenset(wanted.forbid),
        words=words,
        context=context_words(
            PRODUCT,
            settings.branding.organisation,
            settings.branding.portal,
            settings.public_url.host.rpartition(".")[0],
        ),
        common=common_passwords(words) if needs_common else frozenset(),
        listed=None if file is None else read_forbidden(file),
    )


@functools.cache
def common_passwords(words: Container[str]) -> frozenset[str]:
    """Return passwords that are often guessed, as `policies.passwords.normal` spells them.

    Those whose letters are one of `words` are left out: they are refused for that already, and one
    reason says it better than two.
    """
    lists = import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS  # a package without types
    return frozenset(normal(text) for text in lists["passwords"] if letters(text) not in words)


@functools.cache
def swedish_words() -> WordForms:
    """Return the forms of Swedish words. Raises WordsMissing."""
    advice = f"install the package {PACKAGE} again"
    try:
        files = {file.name: Path(str(file.locate())) for file in metadata.files(PACKAGE) or ()}
        affixes, words = (files[name].read_text("utf-8") for name in (_AFFIXES, _WORDS))
        return read_word_forms(affixes, words)
    except (metadata.PackageNotFoundError, KeyError, OSError, ValueError) as error:
        raise WordsMissing(f"the Swedish words cannot be read ({error!r}): {advice}") from error
