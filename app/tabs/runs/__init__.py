"""The Runs tab: finished runs of the command line, opened and searched."""
