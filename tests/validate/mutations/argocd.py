"""Faults of what Argo CD reads."""

from tests.validate.mutation import DEV, WEB, Mutation

APPLICATION = """\
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: child
spec:
  project: default
  destination:
    namespace: child
    server: https://kubernetes.default.svc
"""
SOURCE = """\
  source:
    repoURL: https://git.example.com/child.git
    path: chart
"""


def _with(name: str, rule: str, text: str, line: str) -> Mutation:
    return Mutation(name=name, rule=rule, object="Application/child", old="---\n", new=f"{text}---\n", line=line)


MUTATIONS = (
    _with("application without source", "application-without-source", APPLICATION, "spec:"),
    _with("application with empty sources", "application-without-source", f"{APPLICATION}  sources: []\n", "spec:"),
    _with(
        "one of several sources without repository",
        "application-without-source",
        f"{APPLICATION}  sources:\n  - repoURL: https://git.example.com/a.git\n    path: a\n  - path: b\n",
        "- path: b",
    ),
    _with(
        "application with source and sources",
        "application-source-ignored",
        f"{APPLICATION}{SOURCE}  sources:\n  - repoURL: https://git.example.com/a.git\n    path: a\n",
        "source:",
    ),
    _with(
        "application with server and name",
        "application-destination",
        APPLICATION.replace("    server:", "    name: eu-1\n    server:") + SOURCE,
        "name: eu-1",
    ),
    _with(
        "application without cluster",
        "application-destination",
        APPLICATION.replace("    server: https://kubernetes.default.svc\n", "") + SOURCE,
        "destination:",
    ),
    _with(
        "unknown sync option of an application",
        "sync-option-unknown",
        f"{APPLICATION}{SOURCE}  syncPolicy:\n    syncOptions:\n    - CreateNamespace=true\n    - PruneLasst=true\n",
        "PruneLasst",
    ),
    Mutation(
        name="sync option in capitals",
        rule="sync-option-unknown",
        object="PersistentVolumeClaim/data",
        file="chart/templates/storage.yaml",
        old='argocd.argoproj.io/sync-wave: "5"\n',
        new='argocd.argoproj.io/sync-wave: "5"\n    argocd.argoproj.io/sync-options: Prune=False\n',
        line="Prune=False",
    ),
    Mutation(
        name="misspelled sync option of an object",
        rule="sync-option-unknown",
        object="Deployment/web",
        file=WEB,
        old='argocd.argoproj.io/sync-wave: "5"\n',
        new='argocd.argoproj.io/sync-wave: "5"\n    argocd.argoproj.io/sync-options: ServerSideAply=true\n',
        line="ServerSideAply",
    ),
    Mutation(
        name="host of production in dev",
        rule="host-of-another-environment",
        object="ConfigMap/web-config",
        file=DEV,
        old="values:\n",
        new="values:\n  logLevel: https://www.shop.example.com/log\n",
        line="kind: ConfigMap",
        at="chart/templates/config.yaml",
        is_fleet=True,
    ),
    Mutation(
        name="host of production in a variable of dev",
        rule="host-of-another-environment",
        object="Deployment/worker",
        file="chart/templates/worker.yaml",
        old="          args: [work]\n",
        new='          args: [work]\n          env:\n            - {name: API, value: "https://www.shop.example.com"}\n',
        line="kind: Deployment",
        is_fleet=True,
    ),
)
