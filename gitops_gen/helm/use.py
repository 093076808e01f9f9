"""Which Helm made manifests, which one Argo CD has, and what they may treat differently."""

from dataclasses import dataclass

from gitops_gen.helm.bundled import renders_alike

SHOWN_NULLS = 3
"""As many places are named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HelmUse:
    """Which Helm made the manifests, and which one Argo CD has."""

    version: str
    engine: str
    #: the version of Argo CD that the project names, and of the Helm in it; empty when they are not known
    argocd: str = ""
    bundled: str = ""
    #: places of nulls in values, where the two treat them differently or the second is not known
    nulls: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """Which Helm rendered, where it is not Argo CD's; and what may be different there."""
        is_alike = not self.bundled or renders_alike(self.version, self.bundled)
        return self.difference or ("" if is_alike else f"rendered with Helm {self.version}; {self._other}")

    @property
    def difference(self) -> str:
        """What may be different in Argo CD, as a sentence; empty when the two render alike."""
        if not self.nulls:
            return ""
        more = f" and {len(self.nulls) - SHOWN_NULLS} more" if len(self.nulls) > SHOWN_NULLS else ""
        places = ", ".join(self.nulls[:SHOWN_NULLS]) + more
        return f"rendered with Helm {self.version}; {self._other}, and the two treat nulls differently: {places}"

    @property
    def _other(self) -> str:
        if self.bundled:
            return " ".join(filter(None, ("Argo CD", self.argocd, "renders with Helm", self.bundled)))
        return "Argo CD renders with Helm 3 up to 3.4, with Helm 4.2 from 3.5 on"
