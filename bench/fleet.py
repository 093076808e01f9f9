"""A project with many environments, for measuring: the reference repository's chart and project, two small files
each.
"""

import shutil
from pathlib import Path

ENVIRONMENT = """\
apiVersion: gitops-gen/v1
kind: Environment
stage: {stage}
values:
  app:
    replicas: {replicas}
    logLevel: INFO
  ingress: {{enabled: true, host: api-{index}.example.com}}
"""
RELEASE = """\
apiVersion: gitops-gen/v1
kind: Release
values:
  app: {{image: {{tag: 1.4.{patch}}}}}
"""
_REPOSITORY = Path(__file__).resolve().parents[1]


def make(folder: Path, count: int) -> Path:
    """A project with `count` environments in `folder`; nothing generated yet."""
    folder.mkdir(parents=True)
    project = (_REPOSITORY / "gitops.yaml").read_text()
    (folder / "gitops.yaml").write_text(project)
    shutil.copytree(_REPOSITORY / "helm", folder / "helm")
    for index in range(count):
        environment = folder / "environments" / f"env-{index:05}"
        environment.mkdir(parents=True)
        facts = {"stage": ("dev", "staging", "production")[index % 3], "replicas": 1 + index % 5, "index": index}
        (environment / "environment.yaml").write_text(ENVIRONMENT.format(**facts))
        (environment / "release.yaml").write_text(RELEASE.format(patch=index % 10))
    return folder


def generated(folder: Path, target: Path) -> Path:
    """A copy of only the generated files, to compare with `cp -r`."""
    shutil.copytree(folder / "argocd", target / "argocd")
    for values in folder.glob("environments/*/values.yaml"):
        copy = target / values.relative_to(folder)
        copy.parent.mkdir(parents=True)
        shutil.copy(values, copy)
    return target
