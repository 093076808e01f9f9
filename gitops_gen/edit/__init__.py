"""Edits of hand-written YAML that change the bytes they must and no others: comments, order, quotes and blanks stay."""
