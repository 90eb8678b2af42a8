"""Ask for values before they are read, so that loads do not wait for memory.

A loop that goes on and on along an array has the processor do that. One that works for
a while on a few kilobytes, or goes on at a random row, has to ask.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_LINE = 64  # bytes that come together


@intrinsic
def _prefetch(typing, array, index):
    """Ask for the cache line of a value, which may lie beyond the end of its array."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(builder.gep(data.data, [arguments[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        name = "llvm.prefetch.p0i8"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        # to read, for all levels of cache, data
        builder.call(function, [place, whole(0), whole(3), whole(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@njit(cache=True, nogil=True)
def ask_for(values, first, last):
    """Ask for ``values[first:last]``, which may lie beyond the end."""
    for k in range(first, last, _LINE // values.itemsize):
        _prefetch(values, k)
