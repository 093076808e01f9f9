"""Tests of what is known of rendered objects."""
