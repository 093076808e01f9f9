"""The corpus of faults, by topic: each module has MUTATIONS."""
