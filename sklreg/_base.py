"""What every sklreg estimator shares beyond scikit-learn's base classes."""

import numpy as np


class DocLinkMixin:
    """Send the links of scikit-learn's HTML representation to sklreg's docs.

    It must stand before :class:`sklearn.base.BaseEstimator` among the bases,
    whose ``_doc_link_template`` is a property. scikit-learn fills the template:
    the module is cut before its first private part, so that the page is the one
    autosummary writes for the public name. User-defined subclasses get no link.
    """

    _doc_link_module = "sklreg"
    _doc_link_template = (
        "https://sklreg.readthedocs.io/en/stable/generated/"
        "{estimator_module}.{estimator_name}.html"
    )


def classes_of(scores, classes):
    """Return the class of each row: by the sign of one score, or the largest of many.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Raw predictions; positive for the second class of two.
    classes : ndarray of shape (n_classes,)
        Labels.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    if scores.ndim == 1:
        return classes[(scores > 0).astype(np.intp)]
    return classes[scores.argmax(axis=1)]
