"""Changes of chart values: what is set, in which file, with which type."""
