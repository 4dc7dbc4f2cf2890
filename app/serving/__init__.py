"""What the server is started with, what it remembers of a visitor, and what keeps it safe to expose."""
