"""A project: where its files lie, reading them, its charts, its resolved environments."""
