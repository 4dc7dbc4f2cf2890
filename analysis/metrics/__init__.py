"""Metrics as plain functions on arrays."""
