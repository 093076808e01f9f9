"""Rules on the secret contract: each Secret that is read is made once, or declared to exist, with the keys that its
type and its readers need.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.pods import pod_path
from gitops_gen.manifests.secret_contract import ContractKey, Origin, secret_contract, tls_secrets
from gitops_gen.manifests.secrets import made_secrets, provided_keys
from gitops_gen.names import did_you_mean
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath

_KEYS_OF_TYPE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "kubernetes.io/tls": (("tls.crt",), ("tls.key",)),
    "kubernetes.io/dockerconfigjson": ((".dockerconfigjson",),),
    "kubernetes.io/dockercfg": ((".dockercfg",),),
    "kubernetes.io/basic-auth": (("username", "password"),),
    "kubernetes.io/ssh-auth": (("ssh-privatekey",),),
}
"""Of each tuple a Secret of the type needs one: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types."""
_OTHERS_MAKE_IT = frozenset({"Merge", "None", "Orphan"})


@lru_cache(maxsize=1)
def _contract(plan: SyncPlan) -> tuple[ContractKey, ...]:
    """Several rules need it."""
    return secret_contract(plan.manifests)


def _absent(plan: SyncPlan) -> Iterator[tuple[str, str, str]]:
    """The Secrets and keys that a reader insists on and nothing rendered makes: each with one of its readers."""
    for item in _contract(plan):
        # A key that a rendered maker lacks is a finding of `key-not-provided`.
        has_maker = plan.objects.secret_maker(item.secret, "") is not None
        if item.readers and not item.optional and item.origin == Origin() and not has_maker:
            yield item.secret, item.key, item.readers[0]


def _undeclared(plan: SyncPlan) -> Iterator[Hit]:
    existing = plan.cluster.secrets.existing
    for secret, key, reader in _absent(plan) if existing is not None else ():
        if existing is not None and not {secret, f"{secret}/{key}"} & set(existing):
            what = f"key `{key}` of Secret {secret}" if key else f"Secret {secret}"
            hint = did_you_mean(secret, [name.partition("/")[0] for name in existing])
            manifest = _named(plan, reader)
            path = _read_at(plan, manifest, secret, key) if manifest else ()
            yield Hit(manifest, f"reads {what}, which nothing makes or declares {hint}".rstrip(), path=path)


def _read_at(plan: SyncPlan, reader: Manifest, secret: str, key: str) -> KeyPath:
    """Where an object names a key of a Secret."""
    for item in plan.objects.references.get(reader, ()):
        if (item.kind, item.name) == ("Secret", secret) and key in ("", item.key):
            return (*pod_path(reader), *item.path)
    served = [mapping(item).get("secretName") for item in sequence(reader.spec.get("tls"))]
    return ("spec", "tls", served.index(secret), "secretName") if secret in served else ()


def _given(plan: SyncPlan) -> Iterator[Hit]:
    if plan.cluster.secrets.existing is None:
        secrets = dict.fromkeys(secret for secret, _, _ in _absent(plan))
        if secrets:
            yield Hit(None, f"Secrets that nothing rendered makes must exist: {', '.join(secrets)}")


def _named(plan: SyncPlan, reader: str) -> Manifest | None:
    return next((item for item in plan.manifests if str(item.id) == reader), None)


def _declared_in_vain(plan: SyncPlan) -> Iterator[Hit]:
    items = _contract(plan)
    read = {item.secret for item in items} | {f"{item.secret}/{item.key}" for item in items}
    for name in plan.cluster.secrets.existing or ():
        if name not in read:
            yield Hit(
                None, f"secrets.existing has {name}, which nothing reads {did_you_mean(name, sorted(read))}".rstrip()
            )


def _made_twice(plan: SyncPlan) -> Iterator[Hit]:
    makers: dict[tuple[str, str], Manifest] = {}
    for manifest in plan.manifests:
        policy = str(mapping(manifest.spec.get("target")).get("creationPolicy") or "")
        for name in made_secrets(manifest) if policy not in _OTHERS_MAKE_IT else ():
            first = makers.setdefault((name, manifest.id.namespace), manifest)
            if first is not manifest and first.id != manifest.id:
                yield Hit(manifest, f"makes Secret {name}, which {first.id} makes too", path=("spec", "target", "name"))


def _unused(plan: SyncPlan) -> Iterator[Hit]:
    for item in _contract(plan):
        maker = plan.objects.secret_maker(item.secret, "")
        if item.key and not item.readers and maker and maker.kind == "ExternalSecret":
            text = f"fetches key `{item.key}` of Secret {item.secret}, which nothing rendered reads"
            yield Hit(maker, text, path=_fetched_at(maker, item.key))


def _fetched_at(maker: Manifest, key: str) -> KeyPath:
    """Where an ExternalSecret names a key."""
    for index, item in enumerate(sequence(maker.spec.get("data"))):
        if mapping(item).get("secretKey") == key:
            return ("spec", "data", index, "secretKey")
    return ("spec", "target", "template", "data", key)


def _type_of(manifest: Manifest) -> str:
    template = mapping(mapping(manifest.spec.get("target")).get("template"))
    sealed = mapping(manifest.spec.get("template"))
    return str(manifest.data.get("type") or template.get("type") or sealed.get("type") or "")


def _incomplete(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        keys = provided_keys(manifest) if made_secrets(manifest) else None
        needed = _KEYS_OF_TYPE.get(_type_of(manifest), ())
        if keys is not None:
            for missing in _missing(keys, needed):
                path = ("type",) if "type" in manifest.data else ("spec", "target", "template", "type")
                yield Hit(manifest, f"is of type {_type_of(manifest)} and has no key {missing}", path=path)
    for reader, secret, needed in _uses_by_type(plan):
        maker = plan.objects.secret_maker(secret, reader.id.namespace)
        keys = provided_keys(maker) if maker else None
        if maker and keys is not None and _type_of(maker) not in _KEYS_OF_TYPE:
            for missing in _missing(keys, needed):
                text = f"uses Secret {secret}, and {maker.id} gives it no key {missing}"
                yield Hit(reader, text, path=_read_at(plan, reader, secret, ""))


def _missing(keys: frozenset[str], needed: tuple[tuple[str, ...], ...]) -> list[str]:
    return [" or ".join(choice) for choice in needed if not keys & set(choice)]


def _uses_by_type(plan: SyncPlan) -> Iterator[tuple[Manifest, str, tuple[tuple[str, ...], ...]]]:
    pulls = ((".dockerconfigjson", ".dockercfg"),)
    for manifest in plan.manifests:
        yield from ((manifest, name, _KEYS_OF_TYPE["kubernetes.io/tls"]) for name in tls_secrets(manifest))
    for manifest, pod in plan.objects.pods:
        for item in mappings(pod.spec.get("imagePullSecrets")):
            yield manifest, str(item.get("name")), pulls


def _overridden_in_vain(plan: SyncPlan) -> Iterator[Hit]:
    keys = {(name, key) for item in plan.manifests for name in made_secrets(item) for key in provided_keys(item) or ()}
    every = sorted({key for _, key in keys})
    for item in plan.cluster.secrets.overrides:
        # A chart may put the release's name before that of the Secret.
        if not any(made == item.key and name.endswith(item.secret) for name, made in keys):
            hint = did_you_mean(item.key, every)
            message = f"no rendered object makes key `{item.key}` of Secret {item.secret} {hint}".rstrip()
            yield Hit(None, f"{message}, so that its override has no effect", file=item.file, line=item.line)


_FETCHED = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: login}
spec:
  refreshInterval: 1h0m0s
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: login}
  data:
    - {secretKey: password, remoteRef: {key: demo/login, property: password}}
"""
_READER = """\
---
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
    - name: app
      image: app:1.0.0
      env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: login, key: password}}}]
"""
_READ = _FETCHED + _READER
_TLS = _FETCHED.replace("target: {name: login}", "target: {name: login, template: {type: kubernetes.io/tls}}")
_SECOND = _FETCHED.replace("{name: login}\nspec", "{name: again}\nspec")
_ENVIRONMENT = """\
apiVersion: gitops-gen/v1
kind: Environment
stage: dev
secrets:
  %s
---
"""

RULES = (
    Rule(
        id="secret-not-declared",
        title="Each Secret that is read is made by a rendered object, or declared in secrets.existing",
        explanation=(
            "A pod that reads a missing Secret does not start, and an Ingress serves a certificate of its "
            "controller. An ExternalSecret, SealedSecret, Certificate, VaultStaticSecret, SecretProviderClass and the "
            "like make Secrets. What something else makes is declared in `secrets.existing` of the environment, its "
            "stage or the defaults: with that list, however short, every other Secret is an error."
        ),
        remedy="render what makes it, correct the name, or add it to secrets.existing",
        check=_undeclared,
        bad=_ENVIRONMENT % "existing: []" + _READER.removeprefix("---\n"),
        good=_ENVIRONMENT % "existing: [login]" + _READER.removeprefix("---\n"),
    ),
    Rule(
        id="secret-from-elsewhere",
        title="Secrets that nothing rendered makes exist before the first sync",
        explanation=(
            "Nothing here shows whether such a Secret exists. List them in `secrets.existing`, and `validate` fails "
            "for each one that is not listed."
        ),
        remedy="create them before the first sync, and list them in secrets.existing",
        check=_given,
        severity=Severity.NOTE,
        bad=_READ.replace("target: {name: login}", "target: {name: other}"),
        good=_READ,
    ),
    Rule(
        id="secret-declared-in-vain",
        title="Each Secret of secrets.existing is read",
        explanation="An entry that nothing reads is left over or misspelled.",
        remedy="correct the name, or remove it from secrets.existing",
        check=_declared_in_vain,
        severity=Severity.WARNING,
        bad=_ENVIRONMENT % "existing: [logins]" + _READ,
        good=_ENVIRONMENT % "existing: [login]" + _READ,
    ),
    Rule(
        id="secret-made-twice",
        title="One object makes a Secret",
        explanation=(
            "Two ExternalSecrets with creationPolicy Owner write over each other, and one of them never becomes Ready "
            "(https://external-secrets.io/latest/guides/ownership-deletion-policy/)."
        ),
        remedy="remove one of them, give it another target, or set creationPolicy: Merge",
        check=_made_twice,
        bad=f"{_FETCHED}---\n{_SECOND}",
        good=_READ,
    ),
    Rule(
        id="secret-key-unused",
        title="Something reads each key that an ExternalSecret fetches",
        explanation="A key that no object reads is in the cluster without need, or its reader has another name for it.",
        remedy="remove the key, or correct its name",
        check=_unused,
        severity=Severity.NOTE,
        bad=_READ.replace("key: password}}}", "key: passphrase}}}"),
        good=_READ,
    ),
    Rule(
        id="secret-type-incomplete",
        title="A Secret has the keys that its type or its reader needs",
        explanation=(
            "The API server refuses a Secret of type kubernetes.io/tls without tls.crt and tls.key, and so on "
            "(https://kubernetes.io/docs/concepts/configuration/secret/#secret-types). An Ingress needs the same keys "
            "of its certificate, and a pull secret needs .dockerconfigjson."
        ),
        remedy="add the key, or correct the type",
        check=_incomplete,
        bad=_TLS,
        good=_TLS.replace("secretKey: password", "secretKey: tls.crt").replace(
            "property: password}}",
            "property: crt}}\n    - {secretKey: tls.key, remoteRef: {key: demo/login, property: key}}",
        ),
    ),
    Rule(
        id="secret-override-unused",
        title="An override in secrets.overrides is for a key that is made",
        explanation=(
            "`secrets.overrides` says where one key of one Secret comes from. With a misspelled key the chart goes on "
            "reading the default entry, and nothing says so."
        ),
        remedy="correct the Secret or the key: `gitops-gen secrets ENV` lists them",
        check=_overridden_in_vain,
        bad=_ENVIRONMENT % "overrides: {login: {passwort: {path: demo/shared}}}" + _READ,
        good=_ENVIRONMENT % "overrides: {login: {password: {path: demo/shared}}}" + _READ,
    ),
)
