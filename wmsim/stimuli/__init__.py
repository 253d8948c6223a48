"""Objects and their pictures: what subjects look at.

    config          StimulusConfig: which objects, view angles, sizes; TextureConfig
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
    image_sets      pictures that were rendered elsewhere, as iWISDM lays them out
    image_tables    their folders and csv files
    pictures        one picture from disk

How they are shown:

    mesh            triangles with colours and textures
    render          ray casting: camera, shadows, anti-aliasing
    shading         light on a surface

What lies behind them:

    backgrounds     textures for every frame, made from code or cut from pictures
    textures        families of textures made from code
    fields          random fields, cells and colours that they are made of
    quilting        more of a texture from a small sample

Nothing here needs torch, and trimesh and embreex are loaded only when a mesh is read or
rendered, Pillow only when a picture is.

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
from wmsim.stimuli.config import SPLITS, StimulusConfig, TextureConfig
from wmsim.stimuli.stimulus_set import LOCATIONS, StimulusSet, build_stimuli

__all__ = [
    "CATEGORIES",
    "LOCATIONS",
    "SPLITS",
    "StimulusConfig",
    "StimulusSet",
    "TextureConfig",
    "build_stimuli",
]
