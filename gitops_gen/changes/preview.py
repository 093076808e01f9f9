"""What Argo CD would apply after a change, before it is written: the rendered difference between the current and the
new files.
"""

from collections.abc import Sequence
from dataclasses import replace

from gitops_gen.compare.fleet import Engines
from gitops_gen.compare.model import Difference
from gitops_gen.compare.states import Question, diff
from gitops_gen.errors import GitopsError
from gitops_gen.generate.files import Change
from gitops_gen.git.proposed import proposed_commit
from gitops_gen.project.workspace import OpenProject


def preview(workspace: OpenProject, changes: Sequence[Change]) -> Difference | str:
    """The rendered difference, or the reason why there is none (no git, no commit, a chart that is not pulled)."""
    try:
        old = proposed_commit(workspace.folder, {item.path: item.old for item in changes})
        new = proposed_commit(workspace.folder, {item.path: item.new for item in changes})
        found = diff(workspace.folder, Question(refs=(old, new)), Engines(engine=workspace.engine))
    except GitopsError as error:
        return str(error)
    return replace(found, old="now", new="after this change")
