"""Backends: what runs a network on batches of token ids."""
