"""Writes a page for each namespace of the C++ library, and the list of them that docs/api/cpp.md includes.

Each build of the documentation does so. Without Doxygen there are no pages, and the list says why.
"""

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

DOCS = Path(__file__).resolve().parent
XML = DOCS / "_build" / "doxygen" / "xml"
PAGES = DOCS / "api" / "generated" / "cpp"
LIST = PAGES.with_name("cpp.inc")

ABSENT = "**These pages were built without Doxygen, so that what the headers declare is missing.**\n"
PAGE = """{namespace}
{line}

Declared in {headers}.

.. doxygennamespace:: {namespace}
   :members:
   :undoc-members:
"""


def main() -> None:
    """Run Doxygen over the headers, and write the pages and the list."""
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    if shutil.which("doxygen") is None:
        LIST.write_text(ABSENT)
        return
    shutil.rmtree(XML, ignore_errors=True)
    XML.parent.mkdir(parents=True, exist_ok=True)
    settings = (DOCS / "Doxyfile").read_text() + f"OUTPUT_DIRECTORY = {XML.parent}\n"
    subprocess.run(["doxygen", "-"], input=settings, text=True, cwd=DOCS.parent, check=True)
    entries = []
    for path in sorted(XML.glob("namespacekousei*.xml")):
        namespace, headers = read(path)
        page = PAGES / f"{namespace.split('::')[-1]}.rst"
        entries.append(f"generated/cpp/{page.stem}")
        names = ", ".join(f"``{header}``" for header in headers)
        page.write_text(PAGE.format(namespace=namespace, line="=" * len(namespace), headers=names))
        # Each namespace has its own page, and is not to stand on that of the outer one again.
        path.write_text(re.sub("<innernamespace .*</innernamespace>", "", path.read_text()))
    LIST.write_text("\n".join(["```{toctree}", ":maxdepth: 1", *entries, "```", ""]))


def read(path: Path) -> tuple[str, list[str]]:
    """Return the name of a namespace and the headers that declare something in it, those of CUDA last."""
    namespace = ElementTree.parse(path).find("compounddef")
    classes = [ElementTree.parse(XML / f"{inner.get('refid')}.xml") for inner in namespace.iter("innerclass")]
    places = [*namespace.iterfind(".//memberdef/location"), *(one.find("compounddef/location") for one in classes)]
    headers = {place.get("file") for place in places}
    return namespace.findtext("compoundname"), sorted(headers, key=lambda header: ("/cuda/" in header, header))


if __name__ == "__main__":
    main()
