"""The generated files: what they should be, and what lies on disk."""
