"""Helm: two engines behind one interface, the values schema of a chart, cached renders."""
