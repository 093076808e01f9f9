"""Rules on Secrets: who makes them, what reads them, and what must not be in plain text."""
