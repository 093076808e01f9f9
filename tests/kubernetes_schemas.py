"""Write `gitops_gen/manifests/published`: the schemas of Kubernetes and of widely used operators.

usage: python -m tests.kubernetes_schemas

The fields come from the OpenAPI documents in the package kubernetes-validate, values that are enumerated and the life
of each API version from the Go modules of Kubernetes, what the API server demands besides from
`kubernetes_limits.yaml`, and custom resources from the CRDs in the modules of their projects. Needs `go`, for the
download of modules only. Descriptions are left out.
"""

import importlib.util
import json
import lzma
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gitops_gen.manifests.structural import structural
from gitops_gen.yaml.reader import load, load_all

Schema = dict[str, Any]

HERE = Path(__file__).parent
TARGET = HERE.parent / "gitops_gen" / "manifests" / "published"
VERSIONS = [f"1.{minor}" for minor in range(31, 38)]
KUBERNETES = "k8s.io/kubernetes@v1.37.0"
LIFE = "k8s.io/api@v0.37.0"
#: module and the CRDs in it
OPERATORS = {
    "github.com/argoproj/argo-cd/v3@v3.5.7": "manifests/crds/*-crd.yaml",
    "github.com/argoproj/argo-rollouts@v1.8.3": "manifests/crds/*-crd.yaml",
    "github.com/bitnami-labs/sealed-secrets@v0.40.0": "helm/sealed-secrets/crds/*.yaml",
    "github.com/cert-manager/cert-manager@v1.21.2": "deploy/crds/*.yaml",
    "github.com/external-secrets/external-secrets@v0.19.2": "config/crds/bases/*.yaml",
    "github.com/kedacore/keda/v2@v2.21.0": "config/crd/bases/*.yaml",
    "github.com/kubernetes-csi/external-snapshotter/client/v8@v8.7.0": "config/crd/*.yaml",
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd/*.yaml",
    "istio.io/api@v1.32.0": "kubernetes/customresourcedefinitions.gen.yaml",
    "sigs.k8s.io/gateway-api@v1.6.3": "config/crd/standard/*.yaml",
}
REFERENCE = "#/$defs/"
DROPPED = ("description", "default", "title")
#: the API server takes an object without them, because their zero values are allowed
NOT_REQUIRED = {
    "io.k8s.api.apps.v1.StatefulSetSpec": "serviceName",
    "io.k8s.api.core.v1.HTTPHeader": "value",
    "io.k8s.api.core.v1.Sysctl": "value",
    "io.k8s.api.rbac.v1.RoleRef": "apiGroup",
    "io.k8s.api.networking.v1.NetworkPolicySpec": "podSelector",
    "io.k8s.api.scheduling.v1.PriorityClass": "value",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion": "served",
}
LIMITS: Schema = load((HERE / "kubernetes_limits.yaml").read_text(), "kubernetes_limits.yaml")
#: what the sources say in words only
IN_DESCRIPTIONS = {
    "apiextensions.k8s.io/v1beta1/CustomResourceDefinition": {"removed": "1.22", "use": "apiextensions.k8s.io/v1"},
    "apiregistration.k8s.io/v1beta1/APIService": {"removed": "1.22", "use": "apiregistration.k8s.io/v1"},
    "autoscaling/v2beta1/HorizontalPodAutoscaler": {"removed": "1.25", "use": "autoscaling/v2"},
    "autoscaling/v2beta2/HorizontalPodAutoscaler": {"removed": "1.26", "use": "autoscaling/v2"},
    "v1/ComponentStatus": {"deprecated": "1.19"},
    "v1/Endpoints": {"deprecated": "1.33", "use": "discovery.k8s.io/v1 EndpointSlice"},
}
INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}


def module(name: str) -> Path:
    """The folder of a Go module, downloaded when it does not exist."""
    listed = subprocess.run(["go", "mod", "download", "-json", name], capture_output=True, check=True, text=True)
    return Path(json.loads(listed.stdout)["Dir"])


def definitions(version: str) -> Schema:
    """What kubernetes-validate has of one version, by the definitions' full names."""
    spec = importlib.util.find_spec("kubernetes_validate")
    assert spec
    assert spec.origin
    (folder,) = Path(spec.origin).parent.glob(f"kubernetes-json-schema/v{version}.*-local-strict")
    found: Schema = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return found


ENUM_OWNER = re.compile(r"^func schema_k8sio_api_(\w+?)_(v\d\w*?)_(\w+)\(")
ENUM_FIELD = re.compile(r'^\t{5}"(\w+)": \{$')
ENUM = re.compile(r"^\s+Enum:\s+\[\]interface\{\}\{(.*)\},$")


def enums(folder: Path) -> dict[tuple[str, str], tuple[bool, list[str]]]:
    """The enumerated values by definition and field; and whether they are those of its items."""
    found = {}
    owner = field = ""
    in_items = False
    for line in (folder / "pkg/generated/openapi/zz_generated.openapi.go").read_text().splitlines():
        if match := ENUM_OWNER.match(line):
            owner = f"io.k8s.api.{match[1]}.{match[2]}.{match[3]}"
        elif match := ENUM_FIELD.match(line):
            field, in_items = match[1], False
        elif "Items: &spec" in line:
            in_items = True
        elif match := ENUM.match(line):
            found[owner, field] = in_items, json.loads(f"[{match[1]}]")
    return found


class Cleaner:
    """One version's definitions as they are shipped."""

    def __init__(self, version: str) -> None:
        self._all = definitions(version)
        self._enums = enums(module(KUBERNETES))
        self.kinds = dict(self._kinds())
        self.limited: set[str] = set()

    def _kinds(self) -> Iterator[tuple[str, str]]:
        for name, schema in self._all.items():
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                if ".apimachinery." not in name and not kind["kind"].endswith("List"):
                    yield "/".join(filter(None, (kind["group"], kind["version"], kind["kind"]))), name

    def definitions(self) -> Schema:
        """Everything that a kind needs, without what the cluster writes into `status`."""
        found: Schema = {}
        waiting = list(self.kinds.values())
        while waiting:
            if (name := waiting.pop()) not in found:
                found[name] = self._definition(name)
                waiting.extend(references(found[name]))
        for part in (part for schema in found.values() for part in schema.get("properties", {}).values()):
            items = part.get("items", {})
            if "required" in found.get(items.get("$ref", "").removeprefix(REFERENCE), ()):
                items["not"] = {"type": "null"}
        return found

    def _definition(self, name: str) -> Schema:
        if name.endswith(".Quantity"):
            return {"type": ["string", "number", "null"], "format": "quantity", "minLength": 1, "minimum": 0}
        if name.endswith(".IntOrString"):
            return {"type": ["string", "integer", "null"]}
        schema = cleaned(self._all[name])
        properties = schema.get("properties", {})
        if "status" in properties and name in self.kinds.values():
            properties["status"] = {}
        if NOT_REQUIRED.get(name) in schema.get("required", ()):
            schema["required"].remove(NOT_REQUIRED[name])
        for field, part in properties.items():
            self._narrow(name, field, part)
        limits = self._limits_of(name)
        required = sorted({*schema.get("required", ()), *limits.get("required", ())})
        for field in required:
            properties[field]["not"] = {"type": "null"}
        return {**schema, **limits, **({"required": required} if required else {})}

    def _narrow(self, name: str, field: str, part: Schema) -> None:
        if (name, field) in self._enums:
            in_items, values = self._enums[name, field]
            # What is empty counts as not set, except for an item of a list.
            (part["items"] if in_items else part)["enum"] = values if in_items else [*values, "", None]
        merge(part, self._limits_of(name, field))

    def _limits_of(self, name: str, *field: str) -> Schema:
        key = ".".join((*name.split(".")[-3:], *field))
        self.limited.add(key)
        found: Schema = LIMITS.get(key, {})
        return found


def merge(schema: Schema, more: Schema) -> None:
    """Narrow a schema by another one, its items included."""
    for key, part in more.items():
        if key == "items" and key in schema:
            merge(schema[key], part)
        else:
            schema[key] = part


def cleaned(node: Any) -> Any:
    """A schema without what says nothing about validity."""
    if not isinstance(node, dict):
        return node
    found = {key: node[key] for key in ("type", "required", "enum", "x-kubernetes-list-map-keys") if key in node}
    if node.get("format") == "int32":
        found |= INT32
    elif node.get("format") in ("byte", "date-time"):
        found["format"] = node["format"]
    if isinstance(node.get("$ref"), str):
        found["$ref"] = REFERENCE + node["$ref"].rsplit("/", 1)[1]
    if "properties" in node:
        found["properties"] = {name: cleaned(part) for name, part in sorted(node["properties"].items())}
    for key in ("items", "additionalProperties"):
        if key in node:
            found[key] = cleaned(node[key])
    return found


def references(node: Any) -> Iterator[str]:
    """The definitions that a schema names."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(REFERENCE)
        for part in node.values():
            yield from references(part)


LIFE_FUNCTION = re.compile(r"func \(in \*(\w+)\) APILifecycle(Deprecated|Removed)\(\).*\n\treturn (\d+), (\d+)")
REPLACEMENT = re.compile(
    r"func \(in \*(\w+)\) APILifecycleReplacement\(\).*\n"
    r'\treturn schema\.GroupVersionKind\{Group: "(.*?)", Version: "(.*?)", Kind: "(.*?)"\}'
)


def lives(folder: Path) -> Schema:
    """When each API version is deprecated and removed, and what replaces it, by `group/version/Kind`."""
    found: Schema = {}
    for file in sorted(folder.glob("*/v*/zz_generated.prerelease-lifecycle.go")):
        register = (file.parent / "register.go").read_text()
        named = re.search(r'GroupName = "(.*?)"', register)
        assert named
        prefix = "/".join(filter(None, (named[1], file.parent.name)))
        text = file.read_text()
        for kind, event, major, minor in LIFE_FUNCTION.findall(text):
            found.setdefault(f"{prefix}/{kind}", {})[event.lower()] = f"{major}.{minor}"
        for kind, group, version, new in REPLACEMENT.findall(text):
            found.setdefault(f"{prefix}/{kind}", {})["use"] = f"{'/'.join(filter(None, (group, version)))} {new}"
    return IN_DESCRIPTIONS | {name: life for name, life in found.items() if not name.endswith("List")}


def kubernetes() -> Schema:
    """All versions in one document: a definition is written once for all versions in which it is the same."""
    merged: Schema = {}
    kinds: Schema = {}
    unused = set(LIMITS)
    for index, version in enumerate(VERSIONS):
        cleaner = Cleaner(version)
        for name, schema in cleaner.definitions().items():
            variants = merged.setdefault(name, [])
            if variants and variants[-1][0][-1] == index - 1 and variants[-1][1] == schema:
                variants[-1][0].append(index)
            else:
                variants.append([[index], schema])
        unused &= LIMITS.keys() - cleaner.limited
        for kind, name in cleaner.kinds.items():
            kinds.setdefault(kind, [name, []])[1].append(index)
    assert not unused, f"kubernetes_limits.yaml names what no version has: {unused}"
    return {"versions": VERSIONS, "kinds": kinds, "lives": lives(module(LIFE)), "definitions": merged}


def operators() -> dict[str, Schema]:
    """The custom resources by API group: `version/Kind` and the schema, and the versions that are not served."""
    found: dict[str, Schema] = {}
    for name, pattern in OPERATORS.items():
        files = sorted(module(name).glob(pattern))
        assert files, name
        for file in files:
            for crd in load_all(file.read_text(), file.name):
                if crd and crd["kind"] == "CustomResourceDefinition":
                    _add_crd(found, crd["spec"])
    return found


def _add_crd(found: dict[str, Schema], spec: Schema) -> None:
    for version in spec["versions"]:
        key = f"{version['name']}/{spec['names']['kind']}"
        if version["served"]:
            found.setdefault(spec["group"], {})[key] = structural(version["schema"]["openAPIV3Schema"])


def write(name: str, document: Schema) -> None:
    """One compressed file; the same bytes for the same document."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    data = lzma.compress(text.encode(), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=9 | lzma.PRESET_EXTREME)
    (TARGET / f"{name}.json.xz").write_bytes(data)
    sys.stdout.write(f"{name}: {len(text):,} bytes, compressed {len(data):,}\n")


def main() -> None:
    """Write the files."""
    TARGET.mkdir(exist_ok=True)
    write("kubernetes", kubernetes())
    for group, schemas in operators().items():
        write(group, schemas)


if __name__ == "__main__":
    main()
