"""Figure A3: orthogonalisation of both spaces in 10 principal components each."""

from wmsim.reproduce.angles import REDUCED, angles_figure

FIGURE = angles_figure(
    "figA3",
    "Orthogonalisation at equal dimension",
    reduction=REDUCED,
    told="in 10 principal components each",
    where="section 4.2, figure A3",
)
