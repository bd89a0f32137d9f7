"""Biographies without the rests of mail protection."""

import pytest

from newsletter.ingest.biography import clean_biography

PROTECTION = "This email address is being protected from spambots. You need JavaScript enabled to view it."


@pytest.mark.parametrize(
    ("published", "kept"),
    [
        (f"Ann is a writer Email: {PROTECTION}", "Ann is a writer."),
        (f"Ann is a writer. E-mail address: {PROTECTION}", "Ann is a writer."),
        (f"Ann is a writer. She can be reached at {PROTECTION} .", "Ann is a writer."),
        (f"Ann is a writer. Dr. Ann Example can be contacted via {PROTECTION}", "Ann is a writer."),
        (f"Ann is a writer at Example House and can be reached at {PROTECTION}.", "Ann is a writer at Example House."),
        (f"Ann is a writer, who may be reached by email at {PROTECTION}.", "Ann is a writer."),
        (f"Ann is a writer (e-mail: {PROTECTION}).", "Ann is a writer."),
        (f"Ann writes. Contact: {PROTECTION} She lives in Carrow.", "Ann writes. She lives in Carrow."),
        (f"Ann writes. Email: {PROTECTION} Ben reads. Email: {PROTECTION}", "Ann writes. Ben reads."),
        (f"Email: {PROTECTION}", ""),
        (f"Ann asks: “Why?” {PROTECTION.upper()}", "Ann asks: “Why?”"),
        ("Ann can be reached at ann@example.org", "Ann can be reached at ann@example.org"),
    ],
)
def test_protection_goes_with_the_words_that_led_to_it(published: str, kept: str) -> None:
    assert clean_biography([published]) == kept


def test_paragraphs_are_parted_by_a_blank_line_and_empty_ones_go() -> None:
    assert clean_biography(["One.", f"Email: {PROTECTION}", "Two"]) == "One.\n\nTwo"
