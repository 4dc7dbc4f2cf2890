"""The Fixations tab: a map against where people looked."""
