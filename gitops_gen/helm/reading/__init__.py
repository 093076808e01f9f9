"""What a chart reads of its values, found in the text of its templates: nothing is rendered."""
