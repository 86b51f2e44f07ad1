"""belonging conforms to what every filter must do."""

from pathlib import Path

from distillery.testing import FilterConformance


class TestBelonging(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "belonging"
    cases = Path(__file__).with_name("cases.yaml")
    textbook = Path(__file__).with_name("textbook.yaml")
