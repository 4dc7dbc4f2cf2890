"""The Dynamics tab: how the codes of one head settle."""
