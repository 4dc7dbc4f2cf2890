"""What models compute, and how they are asked: one bounded queue, results as plain arrays."""
