"""Examples of methods that stand in another module than their class, which scipy-doctest does not find."""

import doctest
import inspect
import pydoc

import pytest

from public_names import public_functions


def test_examples_of_methods_that_stand_elsewhere() -> None:
    pytest.importorskip("torch")  # whose modules kousei.interop.torch has
    attempted = {}
    for name in public_functions():
        owner, method = pydoc.locate(name.rpartition(".")[0]), pydoc.locate(name)
        if inspect.isclass(owner) and inspect.isfunction(method) and method.__module__ != owner.__module__:
            for examples in doctest.DocTestFinder().find(method, name, globs={}):
                found = doctest.DocTestRunner().run(examples)
                assert found.failed == 0
                attempted[name] = found.attempted
    assert attempted["kousei.MLP.bounds"] > 2
    assert attempted["kousei.RBM.convert"] > 2
