"""Regularisation by changing the training data."""
