"""The error rate of a detection: a bound that holds for any image.

Let x_1 .. x_n be the weighted values that were read from an image, and c_1 .. c_n the code word
that was decided for, as chips times code signs. The detector computes

    z = sum c_i x_i / sqrt(sum x_i^2).

For an image that was not marked with this key the chips are independent fair signs, whatever
the image is. For one fixed code word, Hoeffding's inequality (W. Hoeffding, "Probability
inequalities for sums of bounded random variables", J. Amer. Statist. Assoc. 58, 1963, theorem 2)
gives P(z >= t) <= exp(-t^2 / 2). The decoder looks for the best of all words that would be
accepted, of which there are W (the version, the system and, where it can be checked, the tag are
fixed), and it does so for H pairs of key and alignment. By the union bound

    P(any acceptance) <= H W exp(-z^2 / 2).

Nothing is assumed about images, about the noise, or about how the alignment was found: that
uses the synchronisation lines only, which depend on no key.
"""

from __future__ import annotations

import math
from typing import Final

#: What has to be reached before a mark is reported, as log10 of the chance.
LOG10_THRESHOLD: Final = -12.0


def log10_chance(z: float, *, words: int, trials: int) -> float:
    """Upper bound for the chance that an image without the mark gives this z, as log10.

    Args:
        z: normalised correlation with the decided code word.
        words: log2 of the number of words that would be accepted.
        trials: pairs of key and alignment that were examined.
    """
    if z <= 0:
        return 0.0
    bound = math.log10(max(trials, 1)) + words * math.log10(2) - z * z / 2 / math.log(10)
    return min(0.0, bound)


def required_score(*, words: int, trials: int, log10_threshold: float = LOG10_THRESHOLD) -> float:
    """The z at which `log10_chance` reaches the threshold."""
    exponent = math.log10(max(trials, 1)) + words * math.log10(2) - log10_threshold
    return math.sqrt(2 * math.log(10) * exponent)
