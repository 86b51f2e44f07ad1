"""Scoring: one article's way from a mapping to a score, through one filter or many."""
