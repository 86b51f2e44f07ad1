"""Stage 1: a cheap probe that settles clearly low articles before the student runs."""
