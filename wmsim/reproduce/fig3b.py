"""Figure 3b: orthogonalisation of perceptual and encoding space, as they are."""

from wmsim.reproduce.angles import AS_IS, angles_figure

FIGURE = angles_figure(
    "fig3b",
    "Orthogonalisation of perceptual and encoding space",
    reduction=AS_IS,
    told="as they are",
    where="section 4.2, figure 3b",
)
