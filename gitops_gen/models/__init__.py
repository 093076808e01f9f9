"""The strict models of the hand-written files."""
