"""Lazy public names (PEP 562): a package lists them and loads each on first use."""

from importlib import import_module


def attach(package, modules):
    """Return ``(__getattr__, __dir__, __all__)`` for a package with lazy names.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    modules : dict of str to list of str
        Submodule name to the public names it defines. An empty list makes the
        submodule itself the public name.

    Returns
    -------
    tuple
        ``__getattr__``, ``__dir__`` and the sorted ``__all__``.
    """
    homes = {}
    for module, names in modules.items():
        for name in names or [module]:
            homes[name] = module
    public = sorted(homes)

    def __getattr__(name):
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f"{package}.{homes[name]}")
        return module if homes[name] == name else getattr(module, name)

    def __dir__():
        return public

    return __getattr__, __dir__, public
