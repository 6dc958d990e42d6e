"""The password rules of a configuration, with the Swedish words that they need.

The words are those of the `hunspell-sv` package (Den stora fria ordlistan and SALDO, LGPL-3.0),
read where it is installed: that takes a quarter of a second, so what was read is kept as a table
in `state_dir`, which all processes map into their memory. The common passwords are the 30 000 that
`zxcvbn` (MIT) ranks first. The file of further passwords is read each time.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Container
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module, metadata
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from gateway.places import replace_file
from gateway.settings.forbidden import read_forbidden
from gateway.settings.model import Settings
from policies.passwords import Forbidden, PasswordRules, context_words, normal
from policies.readings import letters
from policies.stem_table import Stems, StemTable, pack
from policies.word_forms import WordForms, read_stems, read_word_forms

PACKAGE: Final = "hunspell-sv"
PRODUCT: Final = "Portvakt"

_AFFIXES, _WORDS = "sv_SE.aff", "sv_SE.dic"
_TABLE: Final = "swedish-words.table"


class WordsMissing(Exception):
    """The word list is not installed, or is not what it was; the text says what to do."""


def compile_password_rules(settings: Settings) -> PasswordRules:
    """Return the rules of `[password]`, ready to judge.

    Reads files, so call it off the event loop. Raises WordsMissing, and OSError or ValueError when
    the file of forbidden passwords went bad after gateway.toml was read.
    """
    wanted = settings.password
    words: WordForms | frozenset[str] = (
        swedish_words(settings.state_dir)
        if Forbidden.SWEDISH_WORDS in wanted.forbid
        else frozenset()
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
        common=CommonPasswords(common_passwords(), words) if needs_common else frozenset(),
        listed=None if file is None else read_forbidden(file),
    )


@dataclass(frozen=True, slots=True)
class CommonPasswords:
    """Passwords that are often guessed, as `policies.passwords.normal` spells them.

    Those whose letters are one of `words` are left out: they are refused for that already, and one
    reason says it better than two. That is judged when one is looked up: for all of them at once it
    would take as long as reading the words.
    """

    every: frozenset[str]
    words: Container[str]

    def __contains__(self, text: object) -> bool:
        """Return whether a text is one of them."""
        return isinstance(text, str) and text in self.every and letters(text) not in self.words


@functools.cache
def common_passwords() -> frozenset[str]:
    """Return every password that is often guessed."""
    lists = import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS  # a package without types
    return frozenset(map(normal, lists["passwords"]))


@functools.cache
def swedish_words(state_dir: Path | None = None) -> WordForms:
    """Return the forms of Swedish words; their table is kept in `state_dir`, if it may be.

    Raises WordsMissing.
    """
    advice = f"install the package {PACKAGE} again"
    try:
        files = {file.name: Path(str(file.locate())) for file in metadata.files(PACKAGE) or ()}
        affixes, words = (files[name].read_bytes() for name in (_AFFIXES, _WORDS))
        source = sha256(affixes + words).hexdigest()
        stems = None if state_dir is None else _kept_stems(state_dir / _TABLE, source)
        if stems is None:
            stems = read_stems(affixes.decode(), words.decode())
            if state_dir is not None:
                _keep(state_dir / _TABLE, pack(stems, source))
        return read_word_forms(affixes.decode(), stems)
    except (metadata.PackageNotFoundError, KeyError, OSError, ValueError) as error:
        raise WordsMissing(f"the Swedish words cannot be read ({error!r}): {advice}") from error


def _kept_stems(file: Path, source: str) -> Stems | None:
    """Return the stems of the table in a file, None unless it is whole and of this dictionary."""
    try:
        with file.open("rb") as opened:
            table = StemTable(mmap(opened.fileno(), 0, access=ACCESS_READ))
    except (OSError, ValueError):
        return None
    return table if table.source == source else None


def _keep(file: Path, table: bytes) -> None:
    """Put a table in place, whole or not at all: it is only a help, so nothing depends on it."""
    with contextlib.suppress(OSError):
        replace_file(file, table)
