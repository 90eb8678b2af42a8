"""adelie: group elastic net in C++ (Yang & Hastie 2024), here with groups of one.

It needs NumPy 1 and would leave the path early unless told not to.
"""

import numpy as np
from scipy import sparse

from benchmarks.peers import Answer

LIBRARY = "adelie"
DISTRIBUTION = "adelie"
REQUIREMENTS = ("adelie==1.1.52", "numpy<2")
TOLERANCES = (1e-5, 1e-7, 1e-9, 1e-11, 1e-13, 1e-15, 1e-17)


def path(job, tol):
    import adelie

    design = job.X
    if sparse.issparse(design):
        design = adelie.matrix.sparse(design, n_threads=job.threads)
    state = adelie.grpnet(
        X=design,
        glm=adelie.glm.gaussian(job.y),
        alpha=job.l1_ratio,
        lmda_path=job.alphas,
        tol=tol,
        n_threads=job.threads,
        early_exit=False,
        progress_bar=False,
    )
    return Answer(state.betas.T.tocsc(), np.asarray(state.intercepts))


single = path
