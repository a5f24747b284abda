"""Recipes: several edits of a checkpoint, or passes and edits of a model, in one small file.

::

    - strip-optimizer
    - rename: {strip_scope: vgg_16}
    - reverse: {axis: 2, select: conv1/conv1_1/weights}     # BGR to RGB
    - reshape: {shape: [25088, 4096], select: fc6/weights}
    - cast: {dtype: bfloat16, exclude: [".*/biases"]}

A step is an edit with its options, named as on the command line; ``rename`` renames the keys of the checkpoint. Steps
are done in their order, each on what the one before left. Nothing is read for that: values are computed when the result
is written, once. With `pipeline.run` a step may be a pass too, and what it edits is a whole model.
"""

from graphsurgeon.tools.recipe.apply import apply_recipe, read_recipe
from graphsurgeon.tools.recipe.syntax import Step

__all__ = ["Step", "apply_recipe", "read_recipe"]
