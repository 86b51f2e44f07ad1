"""Evaluation of students against baselines."""
