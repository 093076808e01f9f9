"""Rules on Secrets: who makes them, what reads them, and what must not be in plain text."""

from gitops_gen.rules.secrets import contract, external, plain

RULES = (*contract.RULES, *external.RULES, *plain.RULES)
"""All of them."""
