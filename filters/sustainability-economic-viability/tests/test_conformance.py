"""sustainability-economic-viability conforms to what every filter must do."""

from pathlib import Path

from distillery.testing import FilterConformance


class TestSustainabilityEconomicViability(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "sustainability-economic-viability"
    cases = Path(__file__).with_name("cases.yaml")
    textbook = Path(__file__).with_name("textbook.yaml")
