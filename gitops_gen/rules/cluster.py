"""Reading what the project says of a cluster."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from gitops_gen.errors import Problem, ProblemsError
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.project.environment import ResolvedEnvironment, SecretFacts
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.reading import read_text
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.yaml.reader import locate


def cluster_facts(inputs: Inputs, environment: ResolvedEnvironment) -> ClusterFacts:
    """What is known of the cluster of an environment. Raises `ProblemsError` for a file of it that cannot be read."""
    return ClusterFacts(
        kubernetes=environment.kubernetes,
        namespace=environment.namespace,
        namespace_labels=environment.namespace_labels,
        policies=tuple(_objects(inputs, tuple(file for file in environment.policy_files if not _is_rego(file)))),
        rego=tuple((file, _harmless(inputs, file)) for file in environment.policy_files if _is_rego(file)),
        schemas=tuple(_objects(inputs, environment.schema_files)),
        secrets=_with_lines(inputs, environment.secrets),
    )


def _is_rego(file: str) -> bool:
    return file.endswith(".rego")


_REACHES_OUT = re.compile(r"\b(?:http\s*[.\[]|net\s*[.\[]\s*(?:lookup|[\"`])|parse_(?:combined_)?config_files?\b)")
"""What of Rego and conftest reads the network or a file (https://www.openpolicyagent.org/docs/policy-reference#http and
https://www.conftest.dev/#parse_config_file). A name in brackets may be written with escapes.
"""


def _harmless(inputs: Inputs, file: str) -> str:
    """The text of a policy in Rego, which runs on what a pull request brings. Raises `ProblemsError` for one that could
    read the network or other files.
    """
    text = read_text(inputs, file)
    if found := _REACHES_OUT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"uses {found[0].rstrip(' .[')}: a policy may read neither the network nor files"
        raise ProblemsError([Problem(file=file, line=line, message=message, hint="decide by `input` alone")])
    return text


def _with_lines(inputs: Inputs, secrets: SecretFacts) -> SecretFacts:
    overrides = (replace(item, line=locate(read_text(inputs, item.file), item.path)) for item in secrets.overrides)
    return replace(secrets, overrides=tuple(overrides))


def _objects(inputs: Inputs, files: tuple[str, ...]) -> Iterator[Manifest]:
    for file in files:
        yield from _parsed(read_text(inputs, file), file)


@lru_cache(maxsize=64)
def _parsed(text: str, file: str) -> tuple[Manifest, ...]:
    """The same files serve every environment of a cluster."""
    return parse(text, file)
