"""Rules on credentials in plain text: rendered Secrets, and what looks like a credential in other objects."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from gitops_gen.helm.credential_keys import has_credential_format, is_credential
from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.pods import Container, containers_of
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath

_NO_CREDENTIAL = frozenset({"kubernetes.io/service-account-token", "helm.sh/release.v1"})
_REFERENCE = re.compile(r"^<.*>$|^ref\+|^vault:|^AVP|^\$\{|<path:")
_SETTING = re.compile(r"^\s*[\"']?([A-Za-z][\w.-]*)[\"']?\s*[:=]\s*[\"']?([^\s\"',;{}\[\]]{8,})[\"']?[,;]?\s*$")
_FLAG = re.compile(r"^--?([A-Za-z][\w-]*)[= ](\S+)$")
#: bits a character; words and names have less
_ENTROPY = 3.0


def _rendered(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        is_secret = (manifest.id.group, manifest.kind) == ("", "Secret")
        if is_secret and str(manifest.data.get("type")) not in _NO_CREDENTIAL:
            keys = dict(_plain_keys(manifest))
            if keys:
                text = f"has its values in plain text: {', '.join(sorted(keys))}"
                yield Hit(manifest, text, path=next(iter(keys.values())))


def _plain_keys(manifest: Manifest) -> Iterator[tuple[str, KeyPath]]:
    for field in ("data", "stringData"):
        for key, value in mapping(manifest.data.get(field)).items():
            if value and not _REFERENCE.search(str(value)):
                yield str(key), (field, str(key))


def _credentials(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        yield from (
            Hit(manifest, f"{what} looks like a credential", path=path) for path, what in _found(manifest, plan)
        )


def _found(manifest: Manifest, plan: SyncPlan) -> Iterator[tuple[KeyPath, str]]:
    if (manifest.id.group, manifest.kind) == ("", "ConfigMap"):
        for key, value in mapping(manifest.data.get("data")).items():
            yield from _in_text(str(key), str(value))
    pod = plan.objects.pod(manifest)
    for container in containers_of(manifest, pod) if pod else ():
        yield from _in_container(container)


def _in_container(container: Container) -> Iterator[tuple[KeyPath, str]]:
    for index, item in enumerate(mappings(container.data.get("env"))):
        if _is_random(str(item.get("name")), item.get("value")):
            yield (*container.path, "env", index, "value"), f"the value of env {item.get('name')}"
    for field in ("command", "args"):
        for index, word in enumerate(sequence(container.data.get(field))):
            if what := _in_word(str(word)):
                yield (*container.path, field, index), f"{what} of container {container.name}"


def _in_text(key: str, text: str) -> Iterator[tuple[KeyPath, str]]:
    if has_credential_format(text) or ("\n" not in text and _is_random(key, text)):
        yield ("data", key), f"data.{key}"
    elif "\n" in text:
        for number, line in enumerate(text.splitlines(), 1):
            if (match := _SETTING.match(line)) and _is_random(match[1], match[2]):
                yield ("data", key), f"`{match[1]}` in line {number} of data.{key}"


def _in_word(word: str) -> str:
    if has_credential_format(word):
        return "an argument"
    match = _FLAG.match(word)
    return f"--{match[1]}" if match and _is_random(match[1], match[2]) else ""


def _is_random(key: str, value: object) -> bool:
    """Whether a value under this key is a credential, and no word that documentation or a test would take."""
    text = str(value)
    if value is None or not is_credential((key,), text):
        return False
    return has_credential_format(text) or "://" in text or _entropy(text) >= _ENTROPY


def _entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


_EXAMPLE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - name: app
          image: app:1.0.0
          env:
            - name: DATABASE_PASSWORD
              valueFrom: {secretKeyRef: {name: login, key: password}}
"""
_RENDERED = """\
apiVersion: v1
kind: Secret
metadata: {name: login}
type: Opaque
"""

RULES = (
    Rule(
        id="secret-rendered",
        title="No Secret is rendered with its values",
        explanation=(
            "The values of a rendered Secret are in git, in Argo CD's cache and in every rendered difference; base64 "
            "hides nothing. An ExternalSecret or a SealedSecret names or encrypts them instead."
        ),
        remedy="let an ExternalSecret or SealedSecret make it, and replace the values at their source",
        check=_rendered,
        severity=Severity.WARNING,
        bad=f"{_RENDERED}stringData: {{password: Ahng7eiqu0Oo}}\n",
        good=_RENDERED,
    ),
    Rule(
        id="credential-in-plain-text",
        title="ConfigMaps, environment values and arguments hold no credentials",
        explanation=(
            "A token with a known format, a private key, a login in a URL, or a random value under a key such as "
            "`password`. Everyone who reads the repository or the object has it, and git keeps it."
        ),
        remedy="read it from a Secret with valueFrom.secretKeyRef or a volume, and replace it where it was issued",
        check=_credentials,
        severity=Severity.WARNING,
        bad=_EXAMPLE.replace("valueFrom: {secretKeyRef: {name: login, key: password}}", "value: Ahng7eiqu0Oo"),
        good=_EXAMPLE,
    ),
)
