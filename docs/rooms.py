"""Draws rooms.svg: the rooms of python/kousei, each on its floor, and an arrow to every room that it imports.

Rooms and imports are read from the source, floors from the contract of import-linter. Imports inside functions and
for types alone count as any other. `python docs/rooms.py` and each build of the documentation write the picture.
"""

import ast
import textwrap
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PACKAGE = DOCS.parent / "python" / "kousei"

#: Extents of a cell and of the box in it, the space at the left of the first box, and that between floors.
COLUMN, ROW, WIDTH, HEIGHT, LEFT, FLOOR = 94, 54, 84, 40, 150, 8
#: Between arrows that leave one box, and that end at one; radius of their bends.
LEAVE, ARRIVE, BEND = 7, 9, 8
COLORS = (
    "#64748b",
    "#a8862a",
    "#b5532f",
    "#b04a75",
    "#8557a6",
    "#3b6ea5",
    "#2f8f8b",
    "#4f8a4c",
    "#7a6a53",
    "#475569",
)
FORBIDDEN = "#e00000"


def floors() -> list[list[str]]:
    """Return the names of the rooms on each floor, from the uppermost."""
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[room.strip().removeprefix("kousei.") for room in layer.split("|")] for layer in layers]


def read(package: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Return what each room of a package says of itself, and the other rooms that it imports.

    The package's own `__init__.py`, which exports names of the rooms, is none of them.
    """
    rooms = {path.stem: path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    del rooms["__init__"]
    titles, arrows = {}, {}
    for room, path in rooms.items():
        trees = [ast.parse(file.read_text()) for file in (sorted(path.rglob("*.py")) or [path])]
        titles[room] = (ast.get_docstring(trees[0]) or "").splitlines()[0].replace("``", "")
        names = {name for tree in trees for name in imported(tree)}
        arrows[room] = {other for other in rooms if f"{package.name}.{other}" in names} - {room}
    return titles, arrows


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the first two parts of every name that a file imports."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"line {node.lineno}: an import by its whole name is accepted")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (".".join(name.split(".")[:2]) for name in names)


def picture(floors: list[list[str]], titles: dict[str, str], arrows: dict[str, set[str]]) -> str:
    """Return the picture as SVG: boxes down the diagonal, so that what a room imports is below and at its right."""
    order = [room for floor in floors for room in floor]
    if set(order) != set(arrows):
        raise ValueError(f"rooms without a floor, or floors without a room: {set(order) ^ set(arrows)}")
    level = {room: i for i, floor in enumerate(floors) for room in floor}
    place = {room: i for i, room in enumerate(order)}
    x = {room: LEFT + COLUMN * (i + 0.5) for room, i in place.items()}
    y = {room: 12 + ROW * (i + 0.5) + FLOOR * level[room] for room, i in place.items()}
    width, height = LEFT + COLUMN * len(order) + 12, int(y[order[-1]] + ROW / 2 + 12)

    def spread(position: int, count: int, distance: float) -> float:
        return (position - (count - 1) / 2) * distance

    def arrow(source: str, target: str) -> str:
        # Far targets leave above near ones, and far sources arrive at the right of near ones: fewer crossings.
        leaving = [room for room in reversed(order) if room in arrows[source]]
        arriving = [room for room in reversed(order) if target in arrows[room]]
        allowed = level[target] > level[source]
        color = COLORS[place[source] % len(COLORS)] if allowed else FORBIDDEN
        sign = 1 if place[target] > place[source] else -1
        x0, y0 = x[source] + sign * WIDTH / 2, y[source] + spread(leaving.index(target), len(leaving), LEAVE)
        x1, y1 = x[target] + spread(arriving.index(source), len(arriving), ARRIVE), y[target] - sign * HEIGHT / 2
        bend = f"H{x1 - sign * BEND:g}Q{x1:g} {y0:g} {x1:g} {y0 + sign * BEND:g}"
        return (
            f'<path d="M{x0:g} {y0:g}{bend}V{y1 - sign * 6:g}" fill="none" stroke="{color}" '
            f'stroke-width="{1.5 if allowed else 3}"/><path d="M{x1:g} {y1:g}l-4 {-sign * 8}h8z" fill="{color}"/>'
        )

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
    ]
    for i, floor in enumerate(floors):
        top, bottom = y[floor[0]] - ROW / 2, y[floor[-1]] + ROW / 2
        shade = "#f1f4f8" if i % 2 else "#f8f9fb"
        lines.append(
            f'<rect x="8" y="{top:g}" width="{width - 16}" height="{bottom - top:g}" rx="6" fill="{shade}"/>'
        )
    lines += [arrow(source, target) for source in order for target in order if target in arrows[source]]
    for room, i in place.items():
        lines.append(
            f'<rect x="{x[room] - WIDTH / 2:g}" y="{y[room] - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" '
            f'rx="6" fill="#ffffff" stroke="{COLORS[i % len(COLORS)]}" stroke-width="2"/>'
            f'<text x="{x[room]:g}" y="{y[room] + 5:g}" font-size="13" font-weight="600" fill="#1f2937" '
            f'text-anchor="middle">{room}</text>'
        )
        text = textwrap.wrap(titles[room], int((x[room] - WIDTH / 2 - 26) / 6.2))
        for k, line in enumerate(text):
            lines.append(
                f'<text x="{x[room] - WIDTH / 2 - 12:g}" y="{y[room] + 4 + spread(k, len(text), 15):g}" '
                f'font-size="12" fill="#64748b" text-anchor="end">{escape(line)}</text>'
            )
    return "\n".join([*lines, "</svg>", ""])


def draw() -> None:
    """Write the picture of the package."""
    (DOCS / "rooms.svg").write_text(picture(floors(), *read(PACKAGE)))


if __name__ == "__main__":
    draw()
