"""Says in one line which module of the user's shadows one of our packages, whose names are common ones.

It is run by its path and not imported, since the package that it lies in may be the one that is shadowed.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

_HOUSE = Path(__file__).parents[1].resolve()
_WRONG = 2


def require(*names: str) -> None:
    """Make sure that packages are imported from the folder in which this one lies; none is imported for it.

    A folder without ``__init__.py`` is in the way where Python would take it, which it does if there is no package.

    Raises:
        ImportError: another module is in the way. The ``headsynth`` command says so and ends.
    """
    for name in names:
        module = sys.modules.get(name)
        spec = module.__spec__ if module else find_spec(name)
        if spec is None:
            continue  # it is missing, as Python will tell
        found = Path(spec.origin or next(iter(spec.submodule_search_locations or ())))
        if found.parent.resolve() == _HOUSE / name:
            continue
        shadow = found.parent if found.name == "__init__.py" else found
        message = f"{shadow} shadows headsynth's package {name}; rename it, or start Python in another folder"
        if Path(sys.argv[0]).stem == "headsynth":
            print(f"headsynth: {message}", file=sys.stderr)
            sys.exit(_WRONG)
        raise ImportError(message)
