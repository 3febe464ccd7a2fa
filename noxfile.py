#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2025.2.9"]
# ///
"""Checks that need Python and a compiler alone, each in its own environment: `nox`; `.ci/run` has all."""

from __future__ import annotations

import json

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and floors."""
    session.install("-e", ".[lint,test,torch]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """Tests, on all cores."""
    session.install(".[test]")
    session.run("pytest", "-q", "-n", "auto", *session.posargs)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Pages with the gallery, and the code in them."""
    session.install(".[docs]")
    session.install("--no-deps", "obp", "recbole==1.2.1")  # of which examples read the data files alone
    session.run("sphinx-build", "-q", "-W", "-b", "html", "docs", "docs/_build/html")
    session.run("sphinx-build", "-q", "-W", "-b", "doctest", "docs", "docs/_build/doctest")


@nox.session(default=False)
def review(session: nox.Session) -> None:
    """Count the checks of the guide of Scientific Python that pass."""
    session.install("sp-repo-review[cli]", "validate-pyproject[all]")
    told = session.run("repo-review", "--format", "json", ".", silent=True, success_codes=[0, 3])
    results = [check["result"] for check in json.loads(str(told))["checks"].values()]
    session.log(f"sp-repo-review: {results.count(True)} of {len(results)} checks pass")


if __name__ == "__main__":
    nox.main()
