"""Objects and their pictures: what subjects look at.

    config          StimulusConfig: which objects, view angles and sizes
    stimulus_set    build_stimuli and StimulusSet: pictures, labels, splits, frames
    views           view angles, trained and novel

Where objects come from:

    catalogue       categories made from code, and their identities
    draws           parameters of identities that lie far apart
    aircraft, cars, boats, seats, tables, small_objects
                    one builder a category: parameters in, mesh out
    parts, colours  what builders put together
    folders         categories and identities in a folder of meshes or ShapeNetCore
    mesh_files      one mesh from disk, with textures

How they are shown:

    mesh            triangles with colours and textures
    render          ray casting: camera, shadows, anti-aliasing
    shading         light on a surface

Nothing here needs torch, and trimesh and embreex are loaded only when a mesh is read or
rendered.

Examples
--------
>>> from wmsim.stimuli import StimulusConfig, build_stimuli
>>> stimuli = build_stimuli(
...     StimulusConfig(categories=("chair", "lamp"), train_views=2, novel_views=1, object_size=32)
... )
>>> stimuli.frames(stimuli.select("novel_angle"), 1).shape
(4, 224, 224, 3)
"""

from wmsim.stimuli.catalogue import CATEGORIES
from wmsim.stimuli.config import StimulusConfig
from wmsim.stimuli.stimulus_set import LOCATIONS, SPLITS, StimulusSet, build_stimuli

__all__ = [
    "CATEGORIES",
    "LOCATIONS",
    "SPLITS",
    "StimulusConfig",
    "StimulusSet",
    "build_stimuli",
]
