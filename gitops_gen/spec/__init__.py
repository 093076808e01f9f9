"""The hand-written files: their strict models, and how they are found and read."""
