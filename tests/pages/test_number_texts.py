"""gateway/pages/number_texts.py: a sentence that helps for every reason."""

import pytest

from gateway.pages.number_texts import number_fault
from policies.mobiles import NotMobileReason


@pytest.mark.parametrize("reason", list(NotMobileReason))
def test_every_reason_has_a_sentence_in_both_languages(reason: NotMobileReason) -> None:
    english, swedish = number_fault(reason, "en"), number_fault(reason, "sv")
    assert english != swedish
    assert english.endswith((".", "?"))
