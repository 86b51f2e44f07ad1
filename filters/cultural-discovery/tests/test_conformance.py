"""cultural-discovery conforms to what every filter must do."""

from distillery.testing import FilterConformance


class TestCulturalDiscovery(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "cultural-discovery"
