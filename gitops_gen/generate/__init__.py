"""The generated files: the desired content, and the files on disk."""
