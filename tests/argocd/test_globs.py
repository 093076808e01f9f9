"""Patterns match what Go matches: cases as in the documentation of `filepath.Match` and of gobwas/glob."""

import pytest

from gitops_gen.argocd.globs import matches_file_pattern, matches_glob


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("ClusterRole", "ClusterRole", True),
        ("ClusterRole", "ClusterRoleBinding", False),
        ("Cluster*", "ClusterRoleBinding", True),
        ("*", "", True),
        ("", "", True),
        ("", "apps", False),
        ("*", "a/b", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[A-C]*", "Bundle", True),
        ("[^A-C]*", "Bundle", False),
        ("*.k8s.io", "rbac.authorization.k8s.io", True),
        (r"\*", "*", True),
        (r"\*", "x", False),
        ("a.c", "abc", False),
        ("[", "[", False),
        ("[]", "", False),
        ("[-a]", "-", False),
        ("[+--]", ",", True),
        ("a\\", "a", False),
        ("{a,b}", "a", False),
        ("{a,b}", "{a,b}", True),
    ],
)
def test_a_kind_matches_as_in_go(pattern: str, text: str, *, fits: bool) -> None:
    assert matches_file_pattern(pattern, text) is fits


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "kube-system", True),
        ("shop-*", "shop-dev", True),
        ("shop-*", "till-dev", False),
        ("shop-?", "shop-1", True),
        ("{dev,test}-*", "test-1", True),
        ("{dev,test}-*", "live-1", False),
        ("[!a-c]x", "dx", True),
        ("[!a-c]x", "bx", False),
        ("a,b", "a,b", True),
        ("", "a", False),
        ("{a", "a", False),
    ],
)
def test_a_namespace_matches_as_in_go(pattern: str, text: str, *, fits: bool) -> None:
    assert matches_glob(pattern, text) is fits


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("https://git.example.com/team/*", "https://git.example.com/team/shop", True),
        ("https://git.example.com/*", "https://git.example.com/team/shop", False),
        ("https://git.example.com/**", "https://git.example.com/team/shop", True),
    ],
)
def test_a_star_stops_at_the_separator(pattern: str, text: str, *, fits: bool) -> None:
    assert matches_glob(pattern, text, separator="/") is fits
