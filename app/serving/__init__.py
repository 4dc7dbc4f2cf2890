"""What the server is started with, and what keeps it safe to expose."""
