"""What `validate` found, for people and for the services that run it."""
