"""gateway/pages/number_texts.py: a sentence that helps for every reason."""

import pytest

from gateway.pages.number_texts import number_fault
from policies.mobiles import NotMobileReason


@pytest.mark.parametrize("reason", list(NotMobileReason))
def test_every_reason_has_a_sentence_in_both_languages(reason: NotMobileReason) -> None:
    english, swedish = (number_fault(reason, one, "SE") for one in ("en", "sv"))
    assert english != swedish
    assert english.endswith((".", "?"))


def test_the_examples_are_numbers_of_the_region() -> None:
    assert "0412345678 or +358412345678" in number_fault(NotMobileReason.NOT_A_NUMBER, "en", "FI")
