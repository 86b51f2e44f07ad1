"""uplifting conforms to what every filter must do."""

from distillery.testing import FilterConformance


class TestUplifting(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "uplifting"
