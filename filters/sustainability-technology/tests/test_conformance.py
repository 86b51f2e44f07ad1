"""sustainability-technology conforms to what every filter must do."""

from distillery.testing import FilterConformance


class TestSustainabilityTechnology(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "sustainability-technology"
