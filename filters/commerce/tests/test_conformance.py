"""commerce conforms to what every filter must do."""

from distillery.testing import FilterConformance


class TestCommerce(FilterConformance):
    """The conformance kit's tests."""

    filter_name = "commerce"
