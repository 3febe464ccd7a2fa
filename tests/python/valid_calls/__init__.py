"""One valid call, small and fast, of every public function and method that takes arguments.

A row gives the function, bound, and its arguments by name; those of a variadic parameter stand in a tuple.
Files are written to, and read from, the working directory.
"""

from valid_calls import (
    clusters,
    constructors,
    equivariant,
    front,
    machines,
    networks,
    operators,
    ridgelets,
    sets,
    shops,
    torch_modules,
)

ROOMS = (
    *(networks, front, sets, equivariant, machines, ridgelets, shops, torch_modules, clusters),
    *(constructors, operators),
)
VALID_CALLS = {name: call for room in ROOMS for name, call in room.CALLS.items()}
