"""The commands that fill a secret store and make the Secrets that nothing rendered makes: with a file for each value,
never with a value.
"""

import shlex
from collections.abc import Iterator

from gitops_gen.commands.secrets import EnvironmentSecrets
from gitops_gen.manifests.secret_contract import ContractKey, Origin

_HEAD = """\
#!/bin/sh
# Fills what the Secrets are made of. Each value is read from a file of the folder $VALUES, named as below: values are
# no arguments, so that no list of processes and no history shows them. For a store that is not Vault, replace the
# body of `put`.
set -eu
: "${VALUES:?set it to the folder with one file for each value}"
put() { # ENTRY PROPERTY
  vault kv patch -mount="${MOUNT:-secret}" "$1" "$2=@$VALUES/$1/$2" ||
    vault kv put -mount="${MOUNT:-secret}" "$1" "$2=@$VALUES/$1/$2"
}"""


def script_lines(found: tuple[EnvironmentSecrets, ...]) -> Iterator[str]:
    """A shell script for all of these environments."""
    yield from _HEAD.splitlines()
    for environment in found:
        yield ""
        yield f"# {environment.environment}, namespace {environment.namespace}"
        yield from dict.fromkeys(_put(key, entry) for key in environment.keys for entry in key.origin.entries)
        for secret in dict.fromkeys(key.secret for key in environment.keys if key.readers and key.origin == Origin()):
            yield _create(environment, secret)


def _put(key: ContractKey, entry: str) -> str:
    return f"put {shlex.quote(entry)} {shlex.quote(key.origin.property or key.key)}"


def _create(environment: EnvironmentSecrets, secret: str) -> str:
    keys = [key.key for key in environment.keys if key.secret == secret and key.origin == Origin()]
    files = " ".join(f'--from-file={shlex.quote(key)}="$VALUES/{secret}/{key}"' for key in keys if key)
    files = files or f'--from-file="$VALUES/{secret}"'
    return f"kubectl --namespace {environment.namespace} create secret generic {secret} {files}"
