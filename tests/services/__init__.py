"""The chart's scripts and pods against real PostgreSQL, Redis and Temporal; `make services` runs it."""
