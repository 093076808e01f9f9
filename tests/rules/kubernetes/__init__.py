"""Tests of the rules about manifests."""
