"""corporate-excellence conforms to what every filter must do."""

from pathlib import Path

from distillery.testing import FilterConformance


class TestCorporateExcellence(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "corporate-excellence"
    cases = Path(__file__).with_name("cases.yaml")
    textbook = Path(__file__).with_name("textbook.yaml")
