"""`diff`: what two states of the repository would have Argo CD apply, compared without cluster, network or checkout."""

from gitops_gen.compare.states import Question, diff, left_out

__all__ = ["Question", "diff", "left_out"]
