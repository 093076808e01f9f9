"""Faults of the secret contract, of External Secrets, and credentials in plain text."""

from tests.validate.mutation import DEV, Mutation, edited

SECRET = "chart/templates/secret.yaml"
CONFIG = "chart/templates/config.yaml"
WORKER = "chart/templates/worker.yaml"
EDGE = "chart/templates/edge.yaml"
_EXTERNAL = "ExternalSecret/database"
#: made here: a scanner of this repository finds no credential in it
RANDOM = "Ahng7eiqu" + "0OoZaek3xe"
_FORMATS = {
    "AWS": "AKIA" + "Q7ZT4W2N" * 2,
    "GitHub": "ghp_" + "a8Kd0fQz7L" * 4,
    "GitLab": "glpat-" + "a8Kd0fQz7L" * 2,
    "Slack": "xoxb-" + "4827361950-" + "a8Kd0fQz7L",
    "Stripe": "sk_live_" + "a8Kd0fQz7L" * 3,
    "npm": "npm_" + "a8Kd0fQz7L" * 3 + "a8Kd0f",
    "JSON Web": ".".join(["eyJ" + "a8Kd0fQz7L", "eyJ" + "b8Kd0fQz7L", "c8Kd0fQz7L"]),
}
_LEVEL = "            - name: LOG_LEVEL\n              value: {{ .Values.logLevel | quote }}\n"
_SERVER_SIDE = ('sync-wave: "-5"\n', 'sync-wave: "-5"\n    argocd.argoproj.io/sync-options: ServerSideApply=true\n')
_SEALED = """\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: database
spec:
  encryptedData:
    password: AgBy
---
"""
_RENDERED = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: plain
stringData:
  a: {RANDOM}
---
"""
_TOKEN = "  extraEnv:\n  - name: TOKEN\n    valueFrom: {secretKeyRef: {name: tokens, key: a}}\n"


def _external(name: str, rule: str, old: str, new: str, line: str) -> Mutation:
    return Mutation(name=name, rule=rule, object=_EXTERNAL, file=SECRET, old=old, new=new, line=line)


def _plain(name: str, old: str, new: str, line: str, **more: str) -> Mutation:
    place = {"object": "Deployment/web", **more}
    return Mutation(name=name, rule="credential-in-plain-text", old=old, new=new, line=line, **place)  # type: ignore[arg-type]


def _token(service: str, value: str) -> Mutation:
    new = f"{_LEVEL}            - name: SETTING\n              value: {value}\n"
    return _plain(f"token of {service}", _LEVEL, new, value)


MUTATIONS = (
    *(_token(service, value) for service, value in _FORMATS.items()),
    _plain(
        "password of the environment",
        _LEVEL,
        f"{_LEVEL}            - name: DATABASE_PASSWORD\n              value: {RANDOM}\n",
        RANDOM,
    ),
    _plain(
        "login in a URL",
        _LEVEL,
        f"{_LEVEL}            - name: DATABASE\n              value: postgres://shop:{RANDOM}@db:5432/shop\n",
        RANDOM,
    ),
    _plain(
        "password as an argument",
        "args: [work]",
        f"args: [work, --password={RANDOM}]",
        RANDOM,
        object="Deployment/worker",
        file=WORKER,
    ),
    _plain(
        "password in a file",
        "    log:",
        f"    password: {RANDOM}\n    log:",
        "shop.yaml",
        object="ConfigMap/web-config",
        file=CONFIG,
    ),
    _plain(
        "token in a setting",
        "  shop.yaml:",
        f"  api-token: {RANDOM}\n  shop.yaml:",
        RANDOM,
        object="ConfigMap/web-config",
        file=CONFIG,
    ),
    Mutation(
        name="secret in plain text",
        rule="secret-rendered",
        object="Secret/plain",
        file=CONFIG,
        old="apiVersion: v1\n",
        new=f"{_RENDERED}apiVersion: v1\n",
        line="a: Ah",
    ),
    _external("interval in days", "external-secret-interval", "1h", "1d", "refreshInterval"),
    _external("interval that is a number", "external-secret-interval", "1h", "60", "refreshInterval"),
    _external(
        "policy of refreshing",
        "external-secret-interval",
        "  refreshInterval",
        "  refreshPolicy: Never\n  refreshInterval",
        "Never",
    ),
    _external("old version", "external-secret-version", "io/v1", "io/v1beta1", "apiVersion"),
    _external("first version", "external-secret-version", "io/v1", "io/v1alpha1", "apiVersion"),
    _external("store with a typing error", "secret-store-unknown", "name: vault", "name: vaults", "vaults"),
    _external(
        "store of another kind", "secret-store-unknown", "kind: ClusterSecretStore", "kind: SecretStore", "name: vault"
    ),
    _external(
        "key from another store",
        "secret-store-unknown",
        "    - secretKey: password\n",
        "    - secretKey: password\n      sourceRef:\n        storeRef:\n          name: own\n",
        "name: own",
    ),
    _external(
        "key of a certificate",
        "secret-type-incomplete",
        "    creationPolicy: Owner\n",
        "    creationPolicy: Owner\n    template:\n      type: kubernetes.io/tls\n",
        "type: kubernetes.io/tls",
    ),
    _external(
        "pull secret without its file",
        "secret-type-incomplete",
        "    creationPolicy: Owner\n",
        "    creationPolicy: Owner\n    template:\n      type: kubernetes.io/dockerconfigjson\n",
        "type: kubernetes.io/dockerconfigjson",
    ),
    Mutation(
        name="server-side without a default",
        rule="external-secret-default",
        object=_EXTERNAL,
        apply=edited((SECRET, *_SERVER_SIDE), (SECRET, "        conversionStrategy: Default\n", "")),
        at=SECRET,
        line="remoteRef",
    ),
    _external(
        "server-side with another form of the interval",
        "external-secret-interval-form",
        *_SERVER_SIDE,
        "refreshInterval",
    ),
    _external(
        "key that nobody reads",
        "secret-key-unused",
        "    - secretKey: password\n",
        "    - secretKey: user\n      remoteRef:\n        key: shop/database\n    - secretKey: password\n",
        "secretKey: user",
    ),
    Mutation(
        name="certificate that lacks its key",
        rule="secret-type-incomplete",
        object="Ingress/web",
        file=EDGE,
        old="  rules:\n",
        new="  tls:\n    - secretName: database\n  rules:\n",
        line="secretName: database",
    ),
    Mutation(
        name="pull secret that is none",
        rule="secret-type-incomplete",
        object="Deployment/web",
        old="      serviceAccountName: web\n",
        new="      serviceAccountName: web\n      imagePullSecrets:\n        - name: database\n",
        line="- name: database",
    ),
    Mutation(
        name="two makers of a secret",
        rule="secret-made-twice",
        object=_EXTERNAL,
        file=CONFIG,
        old="apiVersion: v1\n",
        new=f"{_SEALED}apiVersion: v1\n",
        at=SECRET,
        line="name: database",
    ),
    Mutation(
        name="secret that is not declared",
        rule="secret-not-declared",
        object="Deployment/web",
        file=DEV,
        old="values:\n",
        new=f"secrets:\n  existing: []\nvalues:\n{_TOKEN}",
    ),
    Mutation(
        name="secret declared by another name",
        rule="secret-declared-in-vain",
        file=DEV,
        old="values:\n",
        new="secrets:\n  existing: [databases]\nvalues:\n",
    ),
    Mutation(
        name="secret of nobody",
        rule="secret-from-elsewhere",
        file=DEV,
        old="values:\n",
        new=f"values:\n{_TOKEN}",
    ),
    Mutation(
        name="override of a key with a typing error",
        rule="secret-override-unused",
        file=DEV,
        old="values:\n",
        new="secrets:\n  overrides:\n    database:\n      pasword: {property: pw}\nvalues:\n",
        line="pasword",
    ),
    Mutation(
        name="override of another secret",
        rule="secret-override-unused",
        file=DEV,
        old="values:\n",
        new="secrets:\n  overrides:\n    databases:\n      password: {property: pw}\nvalues:\n",
        line="password",
    ),
)
