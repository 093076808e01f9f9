"""Tests of the cluster's own policies."""
