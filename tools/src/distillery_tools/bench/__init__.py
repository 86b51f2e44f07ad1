"""Speed and memory of scoring, beside the naive path and the machine's own ceiling."""
