"""What the displays share: axes, feature names, colours."""

import numpy as np

#: Colours that stay apart for colour-blind readers (Okabe & Ito, 2008).
PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#7A5195",
    "#A07B3B",
)
FAINT = "#B8BDC4"
INK = "#39424E"


def get_axes(ax, caller):
    """Return ``ax``, or the axes of a new figure; matplotlib is imported here."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} requires matplotlib. You can install matplotlib with "
            "`pip install matplotlib`"
        ) from error
    return plt.subplots()[1]


def add_legend(ax, handles=None):
    """Put a legend where there is room, on a ground that keeps it readable."""
    ax.legend(
        handles=handles,
        fontsize="small",
        loc="best",
        frameon=True,
        framealpha=0.88,
        edgecolor="none",
        borderpad=0.3,
    )


def check_feature_names(feature_names, n_features):
    """Return ``n_features`` names as an object array; ``x0``, ``x1``, ... for None."""
    if feature_names is None:
        feature_names = [f"x{j}" for j in range(n_features)]
    names = np.asarray(feature_names, dtype=object)
    if names.shape != (n_features,):
        raise ValueError(
            f"feature_names should hold {n_features} names, one for each feature; "
            f"got an array of shape {names.shape}."
        )
    return names


def split_pipeline(estimator):
    """Return ``(transformer or None, last step)`` of an estimator or pipeline."""
    if hasattr(estimator, "steps"):
        head, last = estimator[:-1], estimator[-1]
        return (head if len(head) else None), last
    return None, estimator


def get_feature_names(transformer, model, input_features=None):
    """Names of the features that reach ``model``, or None where nobody knows."""
    if transformer is not None:
        try:
            return transformer.get_feature_names_out(input_features)
        except (AttributeError, ValueError):
            return None
    return getattr(model, "feature_names_in_", None)


def single_target_coef(estimator, target=None):
    """Return ``coef_`` of one target as a vector, or raise a clear error."""
    coef = getattr(estimator, "coef_", None)
    if coef is None:
        raise ValueError(
            f"{type(estimator).__name__} has no coef_: a linear model is needed."
        )
    coef = np.asarray(coef.toarray() if hasattr(coef, "toarray") else coef)
    if coef.ndim == 1:
        if target not in (None, 0):
            raise ValueError(f"target={target!r}, but the model has one target.")
        return coef
    if target is None:
        if len(coef) > 1:
            raise ValueError(
                f"The model has {len(coef)} targets: choose one with target=0 "
                f"... target={len(coef) - 1}."
            )
        target = 0
    if not 0 <= target < len(coef):
        raise ValueError(f"target={target!r}, but the model has {len(coef)} targets.")
    return coef[target]
