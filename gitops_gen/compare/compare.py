"""One environment, rendered twice: the objects that differ, what that does, and what was folded away.

Both streams are brought into canonical form first, so that what is found for one environment is found again, without
parsing, for every other one that differs from it in its own name only.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from gitops_gen.compare.canonical import ENVIRONMENT, Own, canonical, marked, with_hash_marks, without_hashes
from gitops_gen.compare.documents import Pair, differing, pairs, title
from gitops_gen.compare.effects import effects, kept_with_application, refused_to_empty, removed_environment
from gitops_gen.compare.identity import Identity, same_words
from gitops_gen.compare.model import Action, Consequence, Effect, EnvironmentChange, FieldChange, Folded, ObjectChange
from gitops_gen.compare.noise import noise
from gitops_gen.compare.redaction import redacted
from gitops_gen.compare.revert import change_of_wait, longest_wait, matters
from gitops_gen.compare.steady import REASON
from gitops_gen.compare.structure import MISSING, Place, path_text, places
from gitops_gen.errors import GitopsError, ProblemsError
from gitops_gen.manifests.annotations import is_helm_test, is_hook, sync_options
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.models.layout import project_folder
from gitops_gen.sync.policy import SyncPolicy
from gitops_gen.yaml.writer import dump


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """One side of a comparison: everything that Argo CD gets for an environment."""

    environment: str
    namespace: str
    #: the chart's objects, as Helm renders them
    manifests: str
    #: the Application and the AppProject
    argocd: str
    #: how many lines of the manifests differ from render to render; they are written alike on both sides
    varying: int = 0
    policy: SyncPolicy
    #: whether Argo CD deletes what git no longer has
    prunes: bool
    #: whether removing the environment's files leaves what runs alone
    protected: bool
    #: what identifies the environment, in the same order on both sides: where two environments are compared
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Syncing:
    """How Argo CD syncs the new side, as far as the effects of a change depend on it."""

    prunes: bool
    options: tuple[str, ...]
    #: nothing is left, and an automated sync refuses that
    emptied: bool

    @classmethod
    def of(cls, old: Rendered, new: Rendered) -> "_Syncing":
        refuses = new.prunes and new.policy.automated and not new.policy.allow_empty
        emptied = refuses and not _applies_something(new) and _applies_something(old)
        return cls(prunes=new.prunes, options=new.policy.sync_options, emptied=emptied)


def _applies_something(side: Rendered) -> bool:
    """Whether the render has an object that is no hook: Argo CD counts hooks in no comparison."""
    if "/hook" not in side.manifests:
        return _KIND.search(side.manifests) is not None
    return any(not is_hook(item) for item in parse(side.manifests, "the rendered manifests"))


_KIND = re.compile(r"^[\"']?kind[\"']?\s*:", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What a comparison of documents gives: the same for every environment with these documents."""

    objects: tuple[ObjectChange, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    folded: tuple[Folded, ...] = ()
    wait_may_change: bool = False


def compare(old: Rendered | None, new: Rendered | None) -> EnvironmentChange | None:
    """What differs between two renders; None when nothing does.

    Raises `ProblemsError` when a stream that is needed is not YAML.
    """
    if old is None or new is None:
        return _whole(old, new)
    old_own, new_own = _own(old, new)
    identity = Identity(facts=tuple(zip(old.facts, new.facts, strict=True)))
    before, after = marked(_stream(old), old_own), marked(_stream(new), new_own)
    if identity.facts:
        after = same_words(identity, (_stream(old), before), (_stream(new), after))
    before, after = with_hash_marks(before, after)
    documents = differing(before, after)
    here = marked(old.namespace, old_own)
    namespaces = (here, here if identity.facts else marked(new.namespace, new_own))
    found = _compared(_Documents(*documents), namespaces, _Syncing.of(old, new))
    moves = [*_moves(namespaces), *([] if identity.facts else _moves_in_git(old.environment, new.environment))]
    if found.wait_may_change or old.policy != new.policy:
        waits = [
            longest_wait(marked(side.manifests, own), namespace, side.policy)
            for side, own, namespace in zip((old, new), (old_own, new_own), namespaces, strict=True)
        ]
        moves += [consequence for consequence in [change_of_wait(*waits)] if consequence]
    if not (found.objects or found.consequences or found.folded or moves):
        return None
    return EnvironmentChange(
        name=new.environment,
        action=Action.CHANGED,
        objects=found.objects,
        consequences=(*moves, *found.consequences),
        folded=(*found.folded, *([Folded(reason=REASON, count=new.varying)] if new.varying else [])),
    )


def _stream(side: Rendered) -> str:
    end = "" if side.manifests.endswith("\n") else "\n"
    return f"{side.manifests}{end}---\n{side.argocd}"


def _own(old: Rendered, new: Rendered) -> tuple[Own, Own]:
    """What is each side's own: its name; and its namespace, unless the name says that too, or the environment moves."""
    owns = Own(name=old.environment), Own(name=new.environment)
    namespaces = marked(old.namespace, owns[0]), marked(new.namespace, owns[1])
    says_it_all = namespaces[0] == namespaces[1] and ENVIRONMENT in namespaces[0]
    moves = not old.facts and old.namespace != new.namespace
    if says_it_all or moves:
        return owns
    return replace(owns[0], namespace=old.namespace), replace(owns[1], namespace=new.namespace)


def _moves(namespaces: tuple[str, str]) -> list[Consequence]:
    old, new = namespaces
    if old == new:
        return []
    # Argo CD looks away from objects that the AppProject does not permit, and that moves along:
    # https://github.com/argoproj/argo-cd/blob/v3.5.0/controller/state.go (IsLiveResourcePermitted)
    what_stays = "what runs in the old one stays behind, unless its AppProject still allows that"
    detail = f"namespace {old} → {new}: everything is created again there, with empty volumes; {what_stays}"
    return [Consequence(effect=Effect.MOVES, object="the environment", detail=detail)]


def _moves_in_git(old: str, new: str) -> list[Consequence]:
    if old == new:
        return []
    detail = f"was in {project_folder(old).rstrip('/') or 'the top folder'}: its Application is the same, and stays"
    return [Consequence(effect=Effect.NOTES, object="the environment", detail=detail)]


class _Documents:
    """The documents of both sides that differ, equal by their digest. They are given out once, so that results which
    are kept do not hold the texts: these are a quarter of a megabyte an environment.
    """

    def __init__(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        self._sides: tuple[tuple[str, ...], tuple[str, ...]] | None = (old, new)
        digest = sha256(f"{len(old)}".encode())
        for text in (*old, *new):
            digest.update(f"\0{text}".encode(errors="surrogatepass"))
        self._digest = digest.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Documents) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def taken(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        sides, self._sides = self._sides, None
        if sides is None:
            raise ValueError("the documents were taken before")
        return sides


@lru_cache(maxsize=1024)
def _compared(documents: _Documents, namespaces: tuple[str, str], syncing: _Syncing) -> _Found:
    old, new = documents.taken()
    objects: list[ObjectChange] = []
    consequences: list[Consequence] = []
    folded: Counter[str] = Counter()
    relevant = False
    found = pairs(old, new, namespaces)
    for pair in found:
        changes = _places(pair)
        if not changes and pair.old and pair.new and pair.old.name == pair.new.name:
            continue
        relevant = relevant or matters(pair)
        consequences += _effects(pair, changes, syncing, kept=_stays(found))
        consequences += _repeated(pair)
        shown, reasons = _sifted(changes, pair)
        folded.update(reasons)
        if shown or pair.old is None or pair.new is None:
            objects.append(_object_change(pair, shown))
    if syncing.emptied:
        consequences.append(refused_to_empty(sum(_leaves_the_chart(pair) for pair in found)))
    return _Found(
        objects=tuple(objects),
        consequences=tuple(dict.fromkeys(consequences)),
        folded=tuple(Folded(reason=reason, count=count) for reason, count in sorted(folded.items())),
        wait_may_change=relevant,
    )


def _effects(pair: Pair, changes: Sequence[Place], syncing: _Syncing, *, kept: bool) -> Iterable[Consequence]:
    if pair.old and _leaves_the_chart(pair):
        if syncing.emptied:
            return []
        if kept:
            return [kept_with_application(pair.old)]
    return effects(pair, changes, prunes=syncing.prunes, options=syncing.options)


def _repeated(pair: Pair) -> Iterator[Consequence]:
    """Keys that an object has twice: Argo CD takes the last one."""
    if pair.new is None:
        return
    for key in dict.fromkeys(item.key for item in pair.new.repeated):
        detail = f"the key {without_hashes(key)} is there twice: the last one counts"
        yield Consequence(effect=Effect.NOTES, object=title(pair.new), detail=detail)


def _leaves_the_chart(pair: Pair) -> bool:
    return pair.new is None and pair.old is not None and pair.old.id.group != "argoproj.io"


def _stays(found: Iterable[Pair]) -> bool:
    """Whether the Application goes from git and stays in the cluster, with everything it has."""
    gone = [pair.old for pair in found if pair.new is None and pair.old]
    return any(
        item.id.group == "argoproj.io" and item.kind == "Application" and "Prune=false" in sync_options(item)
        for item in gone
    )


def _places(pair: Pair) -> list[Place]:
    if pair.old is None or pair.new is None:
        return []
    return list(places(*redacted(pair.old, pair.new)))


def _sifted(changes: Sequence[Place], pair: Pair) -> tuple[list[Place], list[str]]:
    """What is worth showing, and the reasons why the rest is not."""
    kind = pair.new.kind if pair.new else ""
    reasons = [noise(place, kind) for place in changes]
    return [place for place, reason in zip(changes, reasons, strict=True) if not reason], [r for r in reasons if r]


def _object_change(pair: Pair, shown: Sequence[Place]) -> ObjectChange:
    old, new = redacted(pair.old, pair.new)
    if pair.old is None and pair.new is not None:
        return ObjectChange(action=Action.ADDED, object=title(pair.new), body=_body(new))
    if pair.new is None and pair.old is not None:
        return ObjectChange(action=Action.REMOVED, object=title(pair.old), body=_body(old))
    manifest = pair.new or pair.old
    fields = tuple(_field_change(place) for place in shown)
    return ObjectChange(action=Action.CHANGED, object=title(manifest) if manifest else "", fields=fields)


def _field_change(place: Place) -> FieldChange:
    path, old, new = without_hashes(path_text(place.path)), _text(place.old), _text(place.new)
    if old == new:
        # They differ in what YAML text does not show so: a type, a newline at the end.
        old, new = json.dumps(place.old), json.dumps(place.new)
    return FieldChange(path=path, old=old, new=new)


def _body(data: Any) -> str:
    return without_hashes(dump(data))


def _text(value: Any) -> str | None:
    """A value as YAML; text of several lines as it is."""
    if value is MISSING:
        return None
    if isinstance(value, str) and "\n" in value:
        return without_hashes(value.rstrip("\n"))
    if isinstance(value, dict | list) and value:
        return without_hashes(dump(value).rstrip("\n"))
    return without_hashes(dump({"k": value})[3:-1])


def _whole(old: Rendered | None, new: Rendered | None) -> EnvironmentChange | None:
    """An environment that is on one side only: its objects by name; `render` prints them."""
    side = new or old
    if side is None:
        return None
    own = _own(side, side)[0]
    text = canonical(_stream(side), own, "", own)[0]
    parsed = parse(text, "the rendered manifests", namespace=marked(side.namespace, own))
    manifests = [item for item in parsed if not is_helm_test(item)]
    action = Action.ADDED if new else Action.REMOVED
    objects = tuple(ObjectChange(action=action, object=title(item)) for item in manifests)
    if new is None:
        effect = removed_environment(_cluster_objects(manifests), protected=side.protected)
    else:
        detail = f"{len(objects)} objects; `gitops-gen render {side.environment}` prints them"
        effect = Consequence(effect=Effect.NOTES, object="a new environment", detail=detail)
    return EnvironmentChange(name=side.environment, action=action, objects=objects, consequences=(effect,))


def _cluster_objects(manifests: Sequence[Manifest]) -> list[Manifest]:
    return [item for item in manifests if item.id.group != "argoproj.io"]


def broken(name: str, action: Action, *errors: tuple[str, GitopsError]) -> EnvironmentChange:
    """An environment of which a side cannot be had: each error comes with that side (`now`, `before`), or with the name
    of the environment where two are compared.
    """
    found = tuple(item for side, error in errors for item in _breakage(side, error))
    return EnvironmentChange(name=name, action=action, consequences=found)


def _breakage(side: str, error: GitopsError) -> tuple[Consequence, ...]:
    texts = [str(error)]
    if isinstance(error, ProblemsError):
        texts = [": ".join(part for part in (item.place, item.key, item.message) if part) for item in error.problems]
    effect = Effect.NOTES if side == "before" else Effect.BREAKS
    when = {"now": "", "before": "it did not render before: "}.get(side, f"{side}: ")
    return tuple(Consequence(effect=effect, object="", detail=when + text) for text in texts)
