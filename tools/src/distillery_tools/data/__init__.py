"""Labelled articles: reading and checking them."""
