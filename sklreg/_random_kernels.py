"""Random words that need no state: a function of a key and of a position.

Word k of a stream is the k-th of SplitMix (Steele, Lea & Flood, 2014) for the key's two
numbers, where it starts and how far it steps. What a position gets is told by the key
alone, never by the order of the work, and words are a loop that runs on vectors.
"""

import numpy as np
from numba import njit

_jit = njit(
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz", "arcp"},
)


@_jit
def mix(word):
    """Return the random word of a number."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@_jit
def fill_words(words, at, start, step):
    """Write the words of a key from position `at` on."""
    first = start + np.uint64(at) * step
    for k in range(words.size):
        words[k] = mix(first + np.uint64(k) * step)


@_jit
def draw_words(words, key):
    """Write the next words of a key, and move it on."""
    fill_words(words, 0, key[0], key[1])
    key[0] += np.uint64(words.size) * key[1]
