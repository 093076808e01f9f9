"""What an Application's `spec.source.helm` makes of a render: options and values, as Argo CD takes them.

Argo CD passes release name, namespace, Kubernetes version and API versions to Helm: those of the source, else the
Application's and the cluster's. Values are the value files, over them `valuesObject` or else `values`, over them
`parameters`. What cannot be rendered offline is refused.
https://github.com/argoproj/argo-cd/blob/v3.5.1/reposerver/repository/repository.go (`helmTemplate`),
https://github.com/argoproj/argo-cd/blob/v3.5.1/util/helm/cmd.go (`template`)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gitops_gen.errors import ProblemsError
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.helm.set_values import assigned, key_of, typed
from gitops_gen.project.layers import ValueLayer, Values, merge_layers
from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.reader import load

SOURCE: KeyPath = ("spec", "source")
HELM: KeyPath = (*SOURCE, "helm")

Refusal = tuple[KeyPath, str, str]
"""A path in what is merged over the Application, what is wrong there, and what to do."""

_REFUSED: dict[KeyPath, tuple[str, str]] = {
    ("spec", "sources"): (
        "render and plan know only the generated source",
        "set `chart` in gitops.yaml or a pin in release.yaml",
    ),
    ("spec", "source", "path"): ("render and plan use the project's chart", "set `chart.path` in gitops.yaml"),
    ("spec", "source", "chart"): ("render and plan use the project's chart", "set `chart` in gitops.yaml"),
    ("spec", "source", "repoURL"): ("render and plan use this repository", "set `repository` in gitops.yaml"),
    ("spec", "source", "targetRevision"): (
        "render and plan use the project's revision",
        "set `revision` in gitops.yaml, or `chart.revision` in release.yaml",
    ),
    ("spec", "source", "directory"): ("the source is a Helm chart", "remove it"),
    ("spec", "source", "kustomize"): ("the source is a Helm chart", "remove it"),
    ("spec", "source", "plugin"): ("the source is a Helm chart", "remove it"),
    ("spec", "destination", "namespace"): ("render and plan use the environment's namespace", "set `namespace`"),
    (*HELM, "valueFiles"): (
        "the generated values file is the only one",
        "put the values under `values` of this layer",
    ),
    (*HELM, "fileParameters"): (
        "render and plan read no files for parameters",
        "put the text under `values` of this layer",
    ),
}
"""Fields that change what Argo CD renders in a way that is not rendered here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HelmOptions:
    """What a render of an environment depends on besides the chart."""

    release: HelmRelease
    #: the same without what is merged over the Application
    base: HelmRelease
    #: the layers of the release's values behind the environment's own: `valuesObject`, `values`, `parameters`
    layers: tuple[ValueLayer, ...] = field(default=(), repr=False)


class HelmSource:
    """Reads the Helm options of what is merged over an Application."""

    def __init__(self, application: Mapping[str, Any], layers: Sequence[ValueLayer], *, is_pinned: bool) -> None:
        """`application` is what `layers` (the strongest last) merge over it; `is_pinned` says that the values are in
        the Application itself.
        """
        self._application, self._layers, self._is_pinned = application, layers, is_pinned
        self.refusals: list[Refusal] = []

    @cached_property
    def _helm(self) -> Mapping[str, Any]:
        found = _at(self._application, HELM)
        return found if isinstance(found, dict) else {}  # another type is refused by Argo CD's schema

    def options(self, base: HelmRelease, name: str) -> HelmOptions:
        """The options over those of the environment; `name` is the Application's. What is refused is in `refusals`."""
        self.refusals += [(path, *text) for path, text in _REFUSED.items() if _is_set(self._application, path)]
        layers = tuple(self._value_layers())
        values = merge_layers([ValueLayer(name="", file="", prefix=(), values=base.values), *layers])
        for _, path, value in self._assignments():
            values = self._assigned(values, path, value)
        helm = self._helm
        release = replace(
            base,
            name=_text(helm.get("releaseName"), name if "releaseName" in helm else base.name),
            namespace=_text(helm.get("namespace"), base.namespace),
            kubernetes=_text(helm.get("kubeVersion"), base.kubernetes).removeprefix("v"),
            api_versions=_texts(helm.get("apiVersions")) or base.api_versions,
            skip_tests=helm.get("skipTests") is True,
            skip_crds=helm.get("skipCrds") is True,
            values=values,
        )
        return HelmOptions(release=release, base=base, layers=(*layers, *self._parameters()))

    def _value_layers(self) -> Iterator[ValueLayer]:
        names = [name for name in ("valuesObject", "values") if self._helm.get(name)]
        if names and self._is_pinned:
            self._refuse((*HELM, names[0]), "this field holds the values of a pinned chart", "put them under `values`")
        elif len(names) > 1:
            self._refuse((*HELM, "values"), "Argo CD ignores it next to `valuesObject`", "remove one of the two")
        elif names == ["valuesObject"]:
            for layer in self._layers:
                values = _kept(_at(layer.values, (*HELM, "valuesObject")), self._helm["valuesObject"])
                yield from self._layer(layer, values, "valuesObject")
        elif names:
            yield from self._text_layer(self._helm["values"])

    def _layer(self, layer: ValueLayer, values: Any, name: str) -> Iterator[ValueLayer]:
        if isinstance(values, dict) and values:
            yield replace(layer, name=f"Application's {name}", prefix=(*layer.prefix, *HELM, name), values=values)

    def _text_layer(self, text: Any) -> Iterator[ValueLayer]:
        path = (*HELM, "values")
        try:
            values = load(str(text), "values")
        except ProblemsError as error:
            self._refuse(path, error.problems[0].message, "")
            return
        if not isinstance(values, dict):
            self._refuse(path, "must be a map of values as text", "")
            return
        yield from self._layer(self._strongest("values"), values, "values")

    def _strongest(self, name: str) -> ValueLayer:
        found = [layer for layer in self._layers if _is_set(layer.values, (*HELM, name))]
        return found[-1]

    def _parameters(self) -> Iterator[ValueLayer]:
        """Each parameter as a separate layer, which says where it is set."""
        for index, path, value in self._assignments():
            layer = self._strongest("parameters")
            values = assigned({}, path, value)
            prefix = (*layer.prefix, *HELM, "parameters", index)
            yield replace(layer, name="Application's parameters", prefix=prefix, values=values)

    def _assignments(self) -> Iterator[tuple[int, KeyPath, Any]]:
        """Each parameter's place, key and value; of two with one name the last one counts; strings come last."""
        last = {str(item.get("name")): (index, item) for index, item in enumerate(self._list("parameters"))}
        for index, item in sorted(last.values(), key=lambda found: (found[1].get("forceString") is True, found[0])):
            with_problem = self._assignment(item)
            if isinstance(with_problem, str):
                self._refuse((*HELM, "parameters"), with_problem, "put the value under `values` of this layer")
            else:
                yield index, *with_problem

    def _assignment(self, item: Mapping[str, Any]) -> tuple[KeyPath, Any] | str:
        name, text = str(item.get("name")), item.get("value")
        text = "" if text is None else text
        path = key_of(name)
        if not isinstance(text, str):
            return f"parameter `{name}` has a value that is no text"
        if path is None:
            return f"parameter `{name}` has a name that Helm cannot read"
        if not text and any(isinstance(step, int) for step in path[:-1]):
            return f"parameter `{name}` is empty, and Helm then drops the item of the list"
        if "$" in text:
            return f"parameter `{name}`: Argo CD replaces `$NAME` in it at every render"
        try:
            return path, typed(text, as_string=item.get("forceString") is True)
        except ValueError:
            return f"parameter `{name}` has a value that Helm cannot read"

    def _list(self, name: str) -> list[Mapping[str, Any]]:
        items = self._helm.get(name)
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []

    def _assigned(self, values: Values, path: KeyPath, value: Any) -> Values:
        try:
            return assigned(values, path, value)
        except ValueError:
            message = f"a parameter leads into a value that is neither a map nor a list: {path[0]}"
            self._refuse((*HELM, "parameters"), message, "remove the parameter, or correct its name")
            return values

    def _refuse(self, path: KeyPath, message: str, hint: str) -> None:
        if (path, message, hint) not in self.refusals:
            self.refusals.append((path, message, hint))


def _kept(values: Any, merged: Any) -> Any:
    """Values of a layer without those that a null of it or a stronger one removes: none reaches Helm."""
    if not isinstance(values, dict) or not isinstance(merged, dict):
        return values
    return {key: _kept(value, merged[key]) for key, value in values.items() if merged.get(key) is not None}


def _is_set(data: Mapping[str, Any], path: KeyPath) -> bool:
    return _at(data, path) is not None


def _at(data: Any, path: KeyPath) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise
