"""Evaluation of a filter: its student beside baselines and the oracle, its prefilter, its intervals."""
