"""Results as text, JSON or YAML: functions of the same data, one file a subject."""
