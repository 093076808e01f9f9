"""Good trees, and the mutations of them."""
