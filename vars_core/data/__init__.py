"""Readers of data sets, one file each. They read; they measure nothing."""
