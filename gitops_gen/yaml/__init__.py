"""YAML as Kubernetes reads it: reading, writing, faults."""
