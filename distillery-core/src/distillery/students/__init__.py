"""Students: from texts to raw scores, through tokens, batches, a network and a head."""
