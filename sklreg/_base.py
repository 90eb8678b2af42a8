"""What every sklreg estimator shares beyond scikit-learn's base classes."""


class DocLinkMixin:
    """Send the links of scikit-learn's HTML representation to sklreg's docs."""

    _doc_link_module = "sklreg"
    _doc_link_template = (
        "https://sklreg.readthedocs.io/en/stable/generated/"
        "{estimator_module}.{estimator_name}.html"
    )

    def _doc_link_url_param_generator(self, *_):
        module = ".".join(
            part for part in type(self).__module__.split(".") if part[0] != "_"
        )
        return {"estimator_module": module, "estimator_name": type(self).__name__}
