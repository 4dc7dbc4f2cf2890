"""Measurements: what is done to an image, what is read from a map, how a data set is walked and a run reported."""
