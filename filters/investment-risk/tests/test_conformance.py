"""investment-risk conforms to what every filter must do."""

from distillery.testing import FilterConformance


class TestInvestmentRisk(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "investment-risk"
