"""The Compare tab: up to four models on the clean photograph and on corrupted ones."""
