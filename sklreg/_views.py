"""Views of arrays as the kernels take them."""


def read_only(array):
    """Return a view that numba sees as read-only: one compiled version a dtype."""
    view = array.view()
    view.flags.writeable = False
    return view
