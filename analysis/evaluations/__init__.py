"""Evaluations: samples, and a score of each sample as rows of a run."""
