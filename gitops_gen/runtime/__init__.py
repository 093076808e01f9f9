"""What the operating system gives: programs, worker processes, memory settings."""
