"""Changes of the hand-written files: drafted, checked, committed, pushed."""
