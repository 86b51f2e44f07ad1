"""Screening: which articles to label next."""
