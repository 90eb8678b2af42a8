"""
Noise, holes and mixtures of images
===================================

What each augmentation does to a picture, and what noise does to the column of a table.
The two photographs come with scikit-learn.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, load_sample_images

from sklreg.augmentation import Cutout, NoiseInjector
from sklreg.mixing import cutmix, mixup
from sklreg.noise import NOISES

# %%
# Rows are images of 128 by 128 pixels and three channels, in [0, 1].

shape = (128, 128, 3)
photographs = [image[::3, ::4][:128, :128] for image in load_sample_images().images]
X = np.stack(photographs).reshape(2, -1) / 255.0

holes = Cutout(shape, size=0.4, fill=0.5, random_state=1).fit_transform(X)
patched = cutmix(X, [1, 0], [[30, 100, 20, 90]] * 2, shape)
mixed = mixup(X, [1, 0], [0.6, 0.6])

columns = {"original": X, "Cutout": holes, "cutmix": patched, "mixup, 0.6": mixed}
fig, axes = plt.subplots(2, 4, figsize=(10, 5.2), layout="constrained")
for j, (title, images) in enumerate(columns.items()):
    for i in range(2):
        axes[i, j].imshow(images[i].reshape(shape))
        axes[i, j].set_axis_off()
    axes[0, j].set_title(title)

# %%
# Every noise of :data:`sklreg.noise.NOISES` on the first one. ``scale`` is a standard
# deviation, a half width, a count or a probability, as the noise has it.

scales = {
    "gaussian": 0.15,
    "uniform": 0.3,
    "laplace": 0.1,
    "poisson": 0.05,
    "salt_and_pepper": 0.1,
    "masking": 0.3,
}
# extremes are those of a column, so the pixels of the image are the rows here
pixels = X[0].reshape(-1, 1)
fig, axes = plt.subplots(2, 3, figsize=(9, 6.3), layout="constrained")
for ax, name in zip(axes.flat, NOISES, strict=True):
    injector = NoiseInjector(name, scale=scales[name], random_state=0)
    noisy = injector.fit_transform(pixels)
    ax.imshow(np.clip(noisy, 0, 1).reshape(shape))
    ax.set_title(f"{name}, scale={scales[name]}")
    ax.set_axis_off()

# %%
# And on a column of a table: the blood pressure of the diabetes set.

pressure = load_diabetes(scaled=False).data[:, [3]]
scales = {
    "gaussian": 5.0,
    "uniform": 10.0,
    "laplace": 4.0,
    "poisson": 1.0,
    "salt_and_pepper": 0.1,
    "masking": 0.1,
}
fig, axes = plt.subplots(
    2, 3, figsize=(9, 5.5), sharex=True, sharey=True, layout="constrained"
)
bins = np.linspace(0, 140, 57)
for ax, name in zip(axes.flat, NOISES, strict=True):
    injector = NoiseInjector(name, scale=scales[name], random_state=0)
    noisy = injector.fit_transform(pressure)
    ax.hist(pressure[:, 0], bins, color="0.8", label="clean")
    ax.hist(noisy[:, 0], bins, histtype="step", color="tab:red", label="noisy")
    ax.set_title(f"{name}, scale={scales[name]}")
axes[0, 0].legend()
fig.supxlabel("blood pressure")
plt.show()
