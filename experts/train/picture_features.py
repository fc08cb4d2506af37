"""PictureFeatures: pictures as colour, texture and gradient statistics, by numpy and scikit-image. Knows no label.

Colour: HSV histograms and a 4 x 4 grid of mean colours. Texture: uniform local binary patterns (Ojala et al. 2002).
Gradients: histograms of oriented gradients (Dalal and Triggs 2005). Scale: energy in rings of the Fourier spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

SIDE_PX = 128
_GRID = 4
_NUM_RINGS = 12


class PictureFeatures:
    """Rows of colour, texture and gradient features; not yet scaled."""

    def __init__(self, encoder: str = "embedded", device: str = "cpu") -> None:
        """Takes what every kind of features takes; there is no encoder, and it runs on the CPU."""

    def __call__(self, items: Sequence[Any]) -> Matrix:
        """Features of image artifacts, shape (N, D).

        Raises:
            BadRequest: an artifact is no picture.
        """
        import numpy

        return numpy.stack([_statistics(item) for item in items])


def _statistics(item: Any) -> Matrix:
    """One row of features of a picture squeezed to SIDE_PX x SIDE_PX."""
    import numpy

    picture = item.pil().resize((SIDE_PX, SIDE_PX))
    colours = numpy.asarray(picture, dtype=numpy.float64) / 255.0  # (S, S, 3)
    grey = colours @ numpy.array([0.299, 0.587, 0.114])
    hsv = numpy.asarray(picture.convert("HSV"), dtype=numpy.float64) / 255.0
    shape = item.pil().size
    return numpy.concatenate([_colour(colours, hsv), _texture(grey), _gradients(grey), [shape[0] / shape[1]]])


def _colour(colours: Matrix, hsv: Matrix) -> Matrix:
    """Histograms of hue (weighted by saturation), saturation and value, and mean colours of a grid."""
    import numpy

    hue, saturation, value = (hsv[..., channel].ravel() for channel in range(3))
    num_pixels = len(hue)
    histograms = [
        numpy.histogram(hue, 16, (0, 1), weights=saturation)[0] / num_pixels,
        numpy.histogram(saturation, 8, (0, 1))[0] / num_pixels,
        numpy.histogram(value, 8, (0, 1))[0] / num_pixels,
    ]
    cell = SIDE_PX // _GRID
    grid = colours.reshape(_GRID, cell, _GRID, cell, 3)
    return numpy.concatenate([*histograms, grid.mean((1, 3)).ravel(), grid.std((1, 3)).mean((0, 1))])


def _texture(grey: Matrix) -> Matrix:
    """Histograms of uniform local binary patterns at two radii, and the log energy in rings of the spectrum."""
    import numpy
    from skimage.feature import local_binary_pattern

    # Patterns compare grey levels, which rounding to bytes makes stable.
    levels = (grey * 255).astype(numpy.uint8)
    histograms = []
    for num_points, radius_px in ((8, 1), (16, 3)):
        patterns = local_binary_pattern(levels, num_points, radius_px, "uniform")
        histograms.append(numpy.bincount(patterns.astype(int).ravel(), minlength=num_points + 2) / levels.size)
    spectrum = numpy.abs(numpy.fft.fftshift(numpy.fft.fft2(grey - grey.mean()))) ** 2
    rows, columns = numpy.indices(spectrum.shape) - SIDE_PX // 2
    rings = (numpy.log2(1 + numpy.hypot(rows, columns)) / numpy.log2(1 + SIDE_PX) * _NUM_RINGS).astype(int)
    energy = numpy.bincount(rings.ravel(), spectrum.ravel(), minlength=_NUM_RINGS)[:_NUM_RINGS]
    return numpy.concatenate([*histograms, numpy.log1p(energy)])


def _gradients(grey: Matrix) -> Matrix:
    """Oriented gradients in a 4 x 4 grid, and their mean over the picture, which does not depend on the place."""
    import numpy
    from skimage.feature import hog

    local = hog(
        grey,
        orientations=9,
        pixels_per_cell=(SIDE_PX // _GRID, SIDE_PX // _GRID),
        cells_per_block=(2, 2),
        feature_vector=False,
    )  # (3, 3, 2, 2, 9)
    return numpy.concatenate([local.ravel(), local.mean((0, 1, 2, 3))])
