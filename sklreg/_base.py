"""What every sklreg estimator shares beyond scikit-learn's base classes."""


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
