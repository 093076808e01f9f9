"""The functions that Kubernetes adds to CEL, and what is not evaluated."""

import time

import pytest

from gitops_gen.rules.admission.expressions import UnknownError, evaluate

OBJECT = {"list": list(range(150)), "memory": "1536Mi", "text": "a" * 40, "url": "https://h.example.com:8443/p?q=1"}
TRUE = (
    "quantity(object.memory).sub(quantity('512Mi')) == quantity('1Gi')",
    "quantity('1500m').isInteger() == false && quantity('2').asInteger() == 2",
    "quantity('-1').sign() == -1 && quantity('1.5').asApproximateFloat() == 1.5",
    "url(object.url).getHostname() == 'h.example.com' && url(object.url).getEscapedPath() == '/p'",
    "url(object.url).getQuery() == {'q': ['1']} && !isURL('no url')",
    "ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('8.8.8.8').isGlobalUnicast()",
    "ip.isCanonical('::1') && !ip.isCanonical('0:0::1') && !isIP('::ffff:1.2.3.4')",
    "cidr('10.0.0.5/8').masked() == cidr('10.0.0.0/8') && cidr('10.0.0.0/8').prefixLength() == 8",
    "cidr('10.0.0.0/8').ip() == ip('10.0.0.0') && !cidr('10.0.0.0/8').containsCIDR('::/0')",
    "semver('1.2.3').minor() == 2 && semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && !isSemver('1.2')",
    "[1, 2, 2].lastIndexOf(2) == 2 && ['a'].indexOf('b') == -1 && [3, 1].min() == 1 && 'abc'.indexOf('c') == 2",
    "'v1.22.3'.find('[0-9]+') == '1' && '1,22'.findAll('[0-9]+', 1) == ['1'] && 'x'.find('y') == ''",
    "sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])",
    "!format.uuid().validate('00000000-0000-0000-0000-000000000000').hasValue()",
    "format.dns1035Label().validate('1a').value().size() == 1",
)


@pytest.mark.parametrize("expression", TRUE)
def test_a_function_does_what_kubernetes_says(expression: str) -> None:
    outcome = evaluate(expression, {"object": OBJECT})
    assert (outcome.value, outcome.error) == (True, "")


@pytest.mark.parametrize("expression", ["quantity('x')", "ip('x')", "cidr('10.0.0.1')", "semver('1')", "url('x')"])
def test_what_is_none_is_an_error_of_the_evaluation(expression: str) -> None:
    assert evaluate(expression, {}).error


@pytest.mark.parametrize(
    "expression",
    [
        "object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))",
        "object.text.find('(a|aa)+$b') == ''",
        "object.nothing()",
        "format.labelValue().validate('').orValue([]) == []",
        "optional.of(1)",
        "object.list.all(i, v, v > 0)",
    ],
)
def test_what_is_not_evaluated_is_unknown_at_once(expression: str) -> None:
    begin = time.monotonic()
    with pytest.raises(UnknownError):
        evaluate(expression, {"object": OBJECT})
    assert time.monotonic() - begin < 5
