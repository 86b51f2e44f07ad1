"""Calibration of a student on validation articles: maps that help on held-out ones, and intervals around the scores."""
