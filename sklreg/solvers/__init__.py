"""Algorithms over arrays: no estimators, no scikit-learn."""
