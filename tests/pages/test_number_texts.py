"""gateway/pages/number_texts.py: a sentence that helps for every reason."""

import pytest

from gateway.pages.number_texts import number_fault
from gateway.texts.catalog import Texts
from policies.mobiles import NotMobileReason

TEXTS = Texts()


@pytest.mark.parametrize("reason", list(NotMobileReason))
def test_every_reason_has_a_sentence_in_both_languages(reason: NotMobileReason) -> None:
    english, swedish = (number_fault(reason, TEXTS.of(one), "SE") for one in ("en", "sv"))
    assert english != swedish
    assert english.endswith((".", "?"))


def test_the_examples_are_numbers_of_the_region() -> None:
    sentence = number_fault(NotMobileReason.NOT_A_NUMBER, TEXTS.of("en"), "FI")
    assert "0412345678 or +358412345678" in sentence
