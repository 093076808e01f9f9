"""The cluster's own admission policies, applied to what is rendered."""
