"""sustainability-policy-effectiveness conforms to what every filter must do."""

from pathlib import Path

from distillery.testing import FilterConformance


class TestSustainabilityPolicyEffectiveness(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "sustainability-policy-effectiveness"
    cases = Path(__file__).with_name("cases.yaml")
    textbook = Path(__file__).with_name("textbook.yaml")
