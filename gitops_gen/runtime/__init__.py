"""Programs, worker processes, memory settings, durations and progress."""
