"""A project: the paths of its files, reading them, its charts, its resolved environments."""
