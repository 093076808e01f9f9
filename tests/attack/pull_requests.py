"""Hostile pull requests: each function writes what somebody proposes into a clone of the good project.

They try to read a file or a variable of the machine that looks at them, to run a command there, or to forge what a
person or a CI service is shown.
"""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import git

ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b31m\x08\r\u202e\u2066\u200b"
MARKUP = (
    "`\n</details>\n\n# A\n@team <!-- [a](https://e.example) ![b](https://e.example) <img src=x onerror=x> **c** #1"
)
COMMANDS = "\n::stop-commands::a\n  ::error file=a::b\n::add-mask::c\n##[error]d\n##vso[task.complete]e\n"
ALL = f"{MARKUP}{ESCAPES}{COMMANDS}"


@dataclass(kw_only=True)
class Place:
    """Where a pull request is written, and the canaries that it is after."""

    repository: Path
    #: a folder outside of the repository; `secret.yaml` in it holds the canary
    outside: Path
    #: exists when a command of the pull request has run
    ran: Path
    subject: str = "Change it"
    author: str = "Somebody"
    #: settings of the clone, as a user's own configuration may have them
    settings: dict[str, str] = field(default_factory=dict)
    links: dict[str, Path | str] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """A shell command that leaves the canary."""
        return f"touch {shlex.quote(str(self.ran))}"

    def write(self, path: str, text: str) -> None:
        """A file of the repository."""
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))

    def append(self, path: str, text: str) -> None:
        """More at the end of a file."""
        self.write(path, (self.repository / path).read_text() + text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Another text in a file."""
        text = (self.repository / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def link(self, path: str, target: Path | str) -> None:
        """A symlink in the repository."""
        link = self.repository / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        self.links[path] = target

    def object(self, **fields: object) -> None:
        """One more object of the chart: a ConfigMap, except for what is given."""
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}, **fields}
        self.write("chart/templates/other.yaml", json.dumps(manifest).replace("{{", '{{ "{{" }}'))

    def template(self, action: str) -> None:
        """One more ConfigMap, which shows what a template's action gives."""
        text = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: other}}\ndata:\n  shown: {{{{ {action} | quote }}}}\n"
        )
        self.write("chart/templates/other.yaml", text)


PullRequest = Callable[[Place], None]
PULL_REQUESTS: dict[str, PullRequest] = {}


def pull_request(function: PullRequest) -> PullRequest:
    """Put the function on the list, under its name."""
    PULL_REQUESTS[function.__name__] = function
    return function


@pull_request
def name_with_markup(place: Place) -> None:
    place.object(metadata={"name": MARKUP})


@pull_request
def name_with_escape_sequences(place: Place) -> None:
    place.object(metadata={"name": f"a{ESCAPES}"})


@pull_request
def name_with_commands_of_ci(place: Place) -> None:
    place.object(metadata={"name": COMMANDS})


@pull_request
def kind_with_everything(place: Place) -> None:
    place.object(kind=f'A"]; click a {ALL}')


@pull_request
def namespace_with_everything(place: Place) -> None:
    place.object(metadata={"name": "other", "namespace": ALL})


@pull_request
def api_version_with_everything(place: Place) -> None:
    place.object(apiVersion=f"a/{ALL}")


@pull_request
def value_that_closes_a_code_block(place: Place) -> None:
    place.object(data={"a": "```\n````\n`````\n</details>\n\n# A\n@team\n~~~\n"})


@pull_request
def value_with_everything(place: Place) -> None:
    place.replace("environments/dev/environment.yaml", "dev.example.com", "a")
    place.append("environments/dev/release.yaml", f"  replicas: {json.dumps(ALL)}\n")


@pull_request
def text_with_commands_of_ci(place: Place) -> None:
    lines = "".join(f"    {line}\n" for line in COMMANDS.splitlines())
    place.append("environments/dev/environment.yaml", f"  note: |\n    a\n{lines}")


@pull_request
def keys_with_everything(place: Place) -> None:
    place.object(data={ALL: "b", "c": ALL}, metadata={"name": "other", "labels": {ALL: ALL}, "annotations": {ALL: ALL}})


@pull_request
def annotations_of_argocd_with_everything(place: Place) -> None:
    names = ("sync-wave", "hook", "sync-options", "hook-delete-policy", "compare-options")
    place.object(
        kind="Job", metadata={"name": "j", "annotations": {f"argocd.argoproj.io/{name}": ALL for name in names}}
    )


@pull_request
def needs_with_everything(place: Place) -> None:
    annotations = {"gitops-gen.io/needs": f"Job/{ALL}", "gitops-gen.io/ignore": ALL}
    place.object(metadata={"name": "other", "annotations": annotations})


@pull_request
def secret_with_everything(place: Place) -> None:
    variable = {"name": ALL, "valueFrom": {"secretKeyRef": {"name": ALL, "key": ALL}}}
    place.object(
        apiVersion="batch/v1",
        kind="Job",
        spec={"template": {"spec": {"containers": [{"name": ALL, "image": ALL, "env": [variable]}]}}},
    )


@pull_request
def chart_that_fails_with_everything(place: Place) -> None:
    place.template(f"fail {json.dumps(f'error: 0 problems{ALL}')}")


@pull_request
def schema_that_refuses_with_everything(place: Place) -> None:
    place.write(
        "chart/values.schema.json", json.dumps({"properties": {"replicas": {"enum": [ALL], "description": ALL}}})
    )


@pull_request
def chart_named_everything(place: Place) -> None:
    place.write(
        "chart/Chart.yaml", json.dumps({"apiVersion": "v2", "name": ALL, "version": "1.0.0", "description": ALL})
    )


@pull_request
def template_file_named_everything(place: Place) -> None:
    place.write("chart/templates/a\x1b[2J\u202e`@team`.yaml", "{{ fail .Template.Name }}")


@pull_request
def subject_with_everything(place: Place) -> None:
    place.subject = f"a{ALL}"
    place.replace("environments/dev/release.yaml", "1.4.2", "1.4.3")


@pull_request
def author_with_everything(place: Place) -> None:
    place.author = ALL.replace("<", "").replace(">", "").replace("\n", " ")
    place.replace("environments/dev/release.yaml", "1.4.2", "1.4.3")


@pull_request
def trailers_with_everything(place: Place) -> None:
    escapes = ESCAPES.replace("\r", "")
    place.subject = f"a\n\nGitops-Gen-Change: promote{escapes}\nGitops-Gen-Environments: dev{escapes}\n"
    place.replace("environments/dev/release.yaml", "1.4.2", "1.4.3")


@pull_request
def tag_with_everything(place: Place) -> None:
    place.replace("environments/dev/release.yaml", "tag: 1.4.2", f"tag: {json.dumps(ALL)}")


@pull_request
def file_named_everything(place: Place) -> None:
    place.write("environments/dev/a\x1b[2J\u202e\n::error::a `@team`.yaml", "a: b\n")


@pull_request
def environment_named_everything(place: Place) -> None:
    for name in ("environment", "release"):
        text = (place.repository / f"environments/dev/{name}.yaml").read_text()
        place.write(f"environments/a\x1b[2J\u202e\n::error::a `@team`/{name}.yaml", text)


@pull_request
def unknown_key_with_everything(place: Place) -> None:
    place.append("gitops.yaml", f"{json.dumps(ALL)}: {json.dumps(ALL)}\n")


@pull_request
def stage_named_everything(place: Place) -> None:
    place.replace("environments/dev/environment.yaml", "stage: dev", f"stage: {json.dumps(ALL)}")


@pull_request
def yaml_with_raw_escape_sequences(place: Place) -> None:
    place.append("environments/dev/environment.yaml", f"# {ESCAPES}\nvalues: [{ESCAPES}\n")


@pull_request
def ignored_finding_with_everything(place: Place) -> None:
    entry = {"rule": ALL, "object": ALL, "reason": ALL}
    place.append("gitops.yaml", f"rules: {json.dumps({'ignore': [entry]})}\n")


@pull_request
def keys_that_helm_warns_of(place: Place) -> None:
    (place.repository / "chart/values.schema.json").unlink()
    place.append("chart/values.yaml", f"{json.dumps(ALL)}: {{a: {{b: 1}}}}\n")
    place.append("environments/dev/release.yaml", f"  {json.dumps(ALL)}: {{a: 1}}\n")


@pull_request
def generated_values_link_outside(place: Place) -> None:
    place.link("environments/dev/values.yaml", place.outside / "secret.yaml")


@pull_request
def inputs_link_to_the_variables(place: Place) -> None:
    place.link("environments/dev/release.yaml", "/proc/self/environ")


@pull_request
def inputs_link_outside(place: Place) -> None:
    place.link("environments/dev/environment.yaml", place.outside / "secret.yaml")


@pull_request
def project_links_outside(place: Place) -> None:
    place.link("gitops.yaml", place.outside / "secret.yaml")


@pull_request
def environment_links_outside(place: Place) -> None:
    place.link("environments/other", place.outside)


@pull_request
def chart_file_links_outside(place: Place) -> None:
    place.link("chart/files/a", place.outside / "secret.yaml")
    place.template('.Files.Get "files/a"')


@pull_request
def chart_file_links_to_the_variables_by_a_detour(place: Place) -> None:
    place.link("chart/zz", "../" * 30)
    place.link("chart/aa.txt", "zz/proc/self/environ")
    place.template('.Files.Get "aa.txt"')


@pull_request
def chart_values_link_outside(place: Place) -> None:
    place.link("chart/values.yaml", place.outside / "secret.yaml")
    place.template(".Values | toYaml")


@pull_request
def templates_link_outside(place: Place) -> None:
    place.link("chart/templates/more", place.outside)


@pull_request
def subchart_links_outside(place: Place) -> None:
    (place.outside / "Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 1.0.0\n")
    place.link("chart/charts/other", place.outside)
    place.template('.Subcharts.other.Files.Get "secret.yaml"')


@pull_request
def chart_path_leaves_the_repository(place: Place) -> None:
    (place.outside / "Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 1.0.0\n")
    place.replace("gitops.yaml", "path: chart", f"path: ../{place.outside.name}")


@pull_request
def chart_name_leaves_the_repository(place: Place) -> None:
    remote = "{repository: https://charts.example.com, name: ../../../outside/secret, version: 1.0.0}"
    place.append("environments/dev/release.yaml", f"chart: {remote}\n")


@pull_request
def dependency_leaves_the_repository(place: Place) -> None:
    (place.outside / "Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 1.0.0\n")
    entry = f"{{name: other, version: 1.0.0, repository: 'file://{place.outside}'}}"
    place.append("chart/Chart.yaml", f"dependencies: [{entry}]\n")


@pull_request
def schema_refers_outside(place: Place) -> None:
    references = [{"$ref": (place.outside / "secret.yaml").as_uri()}, {"$ref": "http://127.0.0.1:9/a.json"}]
    place.write("chart/values.schema.json", json.dumps({"allOf": references}))


@pull_request
def template_asks_for_variables(place: Place) -> None:
    place.template('env "GH_TOKEN"')


@pull_request
def template_expands_variables(place: Place) -> None:
    place.template('expandenv "$GH_TOKEN"')


@pull_request
def template_reads_outside(place: Place) -> None:
    place.template(f'.Files.Get "{place.outside}/secret.yaml" | cat (.Files.Get "../../outside/secret.yaml")')


@pull_request
def values_with_variables(place: Place) -> None:
    place.replace("environments/dev/environment.yaml", "dev.example.com", "'{GH_TOKEN} ${GH_TOKEN} {{ env.GH_TOKEN }}'")
    place.replace("gitops.yaml", '"{project}/{environment}"', '"{project.__class__}/{GH_TOKEN}"')


@pull_request
def yaml_tags(place: Place) -> None:
    place.append("environments/dev/environment.yaml", f"  a: !!python/object/apply:os.system ['{place.command}']\n")
    place.append("chart/values.yaml", f"a: !!python/object/apply:os.system ['{place.command}']\n")


@pull_request
def revision_as_an_option(place: Place) -> None:
    place.append("environments/dev/release.yaml", f"chart: {{revision: '--upload-pack={place.command}'}}\n")


@pull_request
def repository_that_runs(place: Place) -> None:
    place.replace("gitops.yaml", "https://git.example.com/shop/gitops.git", f"ext::sh -c '{place.command}'")


@pull_request
def submodule_that_runs(place: Place) -> None:
    place.write(".gitmodules", f'[submodule "a"]\n\tpath = a\n\turl = ext::sh -c "{place.command}"\n')


@pull_request
def python_modules(place: Place) -> None:
    for name in ("multiprocessing", "concurrent", "yaml", "gitops_gen"):
        place.write(f"{name}/__init__.py", f"import os\nos.system({place.command!r})\n")
    place.write("sitecustomize.py", f"import os\nos.system({place.command!r})\n")


@pull_request
def programs(place: Place) -> None:
    for name in ("git", "helm", "ssh"):
        place.write(name, f"#!/bin/sh\n{place.command}\n")
        (place.repository / name).chmod(0o755)


@pull_request
def folders_of_git(place: Place) -> None:
    place.write("nested.git/config", f'[core]\n\tfsmonitor = "{place.command}"\n')
    place.write(".githooks/post-checkout", f"#!/bin/sh\n{place.command}\n")
    (place.repository / ".githooks/post-checkout").chmod(0o755)
    place.write(".gitconfig", f'[core]\n\tfsmonitor = "{place.command}"\n')


@pull_request
def plugin_of_helm(place: Place) -> None:
    plugin = {"name": "a", "version": "1.0.0", "command": place.command, "hooks": {"install": place.command}}
    place.write("plugins/a/plugin.yaml", json.dumps(plugin))
    place.write("chart/plugin.yaml", json.dumps(plugin))


@pull_request
def attributes_with_filters(place: Place) -> None:
    place.write(".gitattributes", "* filter=canary diff=canary merge=canary\nenvironments/** filter=canary ident\n")
    place.settings = {
        "filter.canary.clean": f"{place.command}; cat",
        "filter.canary.smudge": f"{place.command}; cat",
        "diff.canary.textconv": f"{place.command}; cat",
        "diff.canary.command": place.command,
    }
    place.replace("environments/dev/release.yaml", "1.4.2", "1.4.3")


def proposed(place: Place) -> None:
    """Commit what was written as one commit of its author, and leave the clone as a reviewer has it."""
    git(place.repository, "add", "--all")
    message = place.subject.replace("\0", "")
    author = f"{place.author} <a@e.example>"
    git(
        place.repository,
        "commit",
        "--quiet",
        "--allow-empty",
        "--cleanup=verbatim",
        f"--author={author}",
        f"-m{message}",
    )
    for name, value in place.settings.items():
        git(place.repository, "config", name, value)
