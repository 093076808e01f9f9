"""What Argo CD would apply after a change, before it is written: the rendered difference between the current and the
new files.
"""

from collections.abc import Sequence

from gitops_gen.compare.drafts import draft_difference
from gitops_gen.compare.fleet import Engines
from gitops_gen.compare.model import Difference
from gitops_gen.errors import GitopsError
from gitops_gen.generate.files import Change
from gitops_gen.project.opening import OpenProject


def preview(opened: OpenProject, changes: Sequence[Change]) -> Difference | str:
    """The rendered difference, or the reason why there is none (such as a chart that is not pulled)."""
    old, new = {item.path: item.old for item in changes}, {item.path: item.new for item in changes}
    try:
        return draft_difference(opened, old, new, Engines(engine=opened.engine))
    except GitopsError as error:
        return str(error)
