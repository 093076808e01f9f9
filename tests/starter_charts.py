"""Charts of several shapes, written for the tests of `init`."""

import tarfile
from collections.abc import Mapping
from pathlib import Path

METADATA = "apiVersion: v2\nname: {name}\nversion: 1.0.0\nappVersion: {app}\n"
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: {image}}}]}}
"""
IMAGE = '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"'


def chart(folder: Path, values: str = "", image: str = IMAGE, *, app: str = '"2.10"', more: str = "") -> Path:
    """A chart of one Deployment that runs `image`."""
    write(
        folder,
        {
            "Chart.yaml": METADATA.format(name=folder.name, app=app) + more,
            "values.yaml": values,
            "templates/workload.yaml": WORKLOAD.format(name=folder.name, image=image),
        },
    )
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Files below `folder`."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def packed(source: Path, target: Path) -> None:
    """A chart as the archive that `helm package` makes, in the folder `target`."""
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target / f"{source.name}-1.0.0.tgz", "w:gz") as archive:
        archive.add(source, source.name)
