"""Tools for the authors of filters: train and evaluate students."""
