"""The picture of the rooms, docs/rooms.py."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
rooms = runpy.run_path(str(DOCS / "rooms.py"))
FLOORS = [["top"], ["left", "right"], ["bottom"]]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Three floors: a module above, two folders, and a folder below."""
    for name in ("left", "right", "bottom"):
        (tmp_path / "house" / name).mkdir(parents=True)
        (tmp_path / "house" / name / "__init__.py").write_text(f'"""The {name} one.\n\nMore."""\n')
    (tmp_path / "house" / "__init__.py").write_text("from house import bottom\n")
    (tmp_path / "house" / "top.py").write_text('"""Above."""\nimport house\nfrom house.left import x\nimport numpy\n')
    (tmp_path / "house" / "left" / "part.py").write_text("from house import bottom, left\n")
    return tmp_path / "house"


def test_the_picture_is_of_this_package() -> None:
    drawn = rooms["picture"](rooms["floors"](), *rooms["read"](rooms["PACKAGE"]))
    assert (DOCS / "rooms.svg").read_text() == drawn, "python docs/rooms.py draws it anew"
    assert rooms["FORBIDDEN"] not in drawn


def test_imports_are_read(package: Path) -> None:
    titles, arrows = rooms["read"](package)
    assert arrows == {"top": {"left"}, "left": {"bottom"}, "right": set(), "bottom": set()}
    assert titles == {
        "top": "Above.",
        "left": "The left one.",
        "right": "The right one.",
        "bottom": "The bottom one.",
    }
    assert rooms["FORBIDDEN"] not in rooms["picture"](FLOORS, titles, arrows)


@pytest.mark.parametrize(
    ("room", "statement"), [("bottom", "import house.top"), ("left", "from house.right import y")]
)
def test_imports_upwards_and_along_a_floor_are_red(package: Path, room: str, statement: str) -> None:
    (package / room / "late.py").write_text(f"def f():\n    {statement}\n")
    assert rooms["picture"](FLOORS, *rooms["read"](package)).count(rooms["FORBIDDEN"]) == 2


def test_what_cannot_be_drawn_is_refused(package: Path) -> None:
    titles, arrows = rooms["read"](package)
    with pytest.raises(ValueError, match="without a floor.*'right'"):
        rooms["picture"]([["top"], ["left"], ["bottom"]], titles, arrows)
    (package / "left" / "part.py").write_text("from . import x\n")
    with pytest.raises(ValueError, match="line 1: an import by its whole name is accepted"):
        rooms["read"](package)
