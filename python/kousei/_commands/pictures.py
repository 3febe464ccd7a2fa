"""Where pictures are drawn to."""

from __future__ import annotations

from pathlib import Path


def check_folder(option: str, path: str) -> None:
    """Raise ValueError unless the folder of a file is there."""
    if not (folder := Path(path).resolve().parent).is_dir():
        raise ValueError(f"{option} was {path!r}; there is no folder {str(folder)!r}")


def picture_path(path: str) -> str:
    """Return where a picture is drawn to, of the suffix .png without one; ValueError unless Matplotlib can do so."""
    from matplotlib.backend_bases import FigureCanvasBase

    check_folder("--picture", path)
    suffix, known = Path(path).suffix[1:], FigureCanvasBase.get_supported_filetypes()
    if suffix and suffix.lower() not in known:
        raise ValueError(f"--picture was {path!r}, of the suffix {suffix!r}; {', '.join(known)} are accepted")
    return path if suffix else f"{path}.png"
