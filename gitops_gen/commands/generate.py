"""`generate`: bring the generated files up to date, or say which ones are not."""

from gitops_gen.generate.check import Generation, check_possible
from gitops_gen.generate.generating import generate

__all__ = ["Generation", "check_possible", "generate"]
