"""Commands that measure and photograph the page, and what they share with its tests."""
