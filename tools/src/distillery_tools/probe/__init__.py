"""Stage 1: probes fitted to labels, thresholds with a guarantee, and what they spare."""
