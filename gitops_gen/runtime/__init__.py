"""Programs, worker processes, memory settings."""
