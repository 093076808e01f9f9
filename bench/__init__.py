"""Speeds, measured as ratios inside one run: absolute times differ from machine to machine, ratios hold."""
