"""`tensorflow.python.tools.freeze_graph` without TensorFlow.

The parameters, defaults, results and errors are TensorFlow's. Three things are better:
files are told by their bytes, so a wrong `input_binary` does no harm; partitioned and
renamed variables work; and a large graph is written without being held in memory.
From the command line, ``python -m graphsurgeon freeze_graph`` takes the same flags.

Source: freeze_graph.py of TensorFlow 2.21.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphsurgeon.compat.convert_to_constants import convert
from graphsurgeon.compat.local_path import local_path
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load, load_graph
from graphsurgeon.formats.save import save
from graphsurgeon.formats.state_file import checkpoint_exists
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from proto_utils import places, schema
from proto_utils.errors import CorruptionError, NotFoundError
from proto_utils.side_files import read_side_file

__all__ = ["Flags", "freeze_graph", "freeze_graph_with_def_protos", "write_frozen_graph"]

_SERVE = "serve"
_V2 = 2
_MAX_SAVER_NBYTES = 1 << 20
_PATHS = (
    "input_graph",
    "input_saver",
    "input_checkpoint",
    "output_graph",
    "input_meta_graph",
    "input_saved_model_dir",
)


def freeze_graph(  # noqa: PLR0913, PLR0917 -- they are TensorFlow's
    input_graph: str | None,
    input_saver: str | None,
    input_binary: bool,
    input_checkpoint: str | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph: bool | str | None = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: str = _SERVE,
    checkpoint_version: int = _V2,
    *,
    variable_names_blacklist: str = "",
) -> Any:
    """Convert the variables of a graph and a checkpoint to constants.

    Parameters
    ----------
    input_graph : str
        A GraphDef file.
    input_saver : str
        A SaverDef file.
    input_binary : bool
        Files are told by their bytes; TensorFlow wants to know.
    input_checkpoint : str
        The prefix of a checkpoint.
    output_node_names : str
        Comma separated.
    restore_op_name, filename_tensor_name
        Not used.
    output_graph : str
        The file to write; may be empty.
    clear_devices : bool
        Drop the devices of the nodes of the graph, not of function bodies.
    initializer_nodes : str
        Comma separated ops to evaluate before freezing.
    variable_names_whitelist, variable_names_denylist : str
        Comma separated: the only variables to convert, those not to convert.
    variable_names_blacklist : str
        What TensorFlow 1 calls `variable_names_denylist`.
    input_meta_graph : str
        A MetaGraphDef file.
    input_saved_model_dir : str
        A SavedModel.
    saved_model_tags : str
        Comma separated tags of its meta graph.
    checkpoint_version : int
        Not used: both versions are read.

    Raises
    ------
    ValueError
        Outputs or checkpoint are missing, there are no variables, or something needs a variable.
    OSError
        A file does not exist.
    RuntimeError
        The SavedModel has no meta graph of these tags.
    """
    del input_binary, restore_op_name, filename_tensor_name, checkpoint_version
    flags = Flags(
        input_graph=input_graph or "",
        input_saver=input_saver or "",
        input_checkpoint=input_checkpoint or "",
        output_node_names=output_node_names,
        output_graph=output_graph,
        clear_devices=clear_devices,
        initializer_nodes=initializer_nodes,
        variable_names_whitelist=variable_names_whitelist,
        variable_names_denylist=_either(variable_names_denylist, variable_names_blacklist),
        input_meta_graph=input_meta_graph if isinstance(input_meta_graph, str) else "",
        input_saved_model_dir=input_saved_model_dir or "",
        saved_model_tags=saved_model_tags,
    )
    return write_frozen_graph(flags).to_graph_def()


@dataclass(frozen=True)
class Flags:
    """The flags of the command line, with their defaults; see `freeze_graph`. Texts may be empty."""

    # Paths are those of this machine, whether they were given as such or as file:///path.

    input_graph: str = ""
    input_saver: str = ""
    input_checkpoint: str = ""
    output_node_names: str = ""
    output_graph: str = ""
    clear_devices: bool = True
    initializer_nodes: str = ""
    variable_names_whitelist: str = ""
    variable_names_denylist: str = ""
    input_meta_graph: str = ""
    input_saved_model_dir: str = ""
    saved_model_tags: str = _SERVE

    def __post_init__(self) -> None:
        for name in _PATHS:
            object.__setattr__(self, name, local_path(getattr(self, name)))


def write_frozen_graph(flags: Flags, *, sync: bool = False) -> Model:
    """Do what `freeze_graph` does, without making one message of the result.

    The constants of the model that it returns are still in the checkpoint's files. `sync` waits until the graph is on
    the disk.
    """
    graph = None
    if flags.input_saved_model_dir:
        graph = _read_saved_model(flags.input_saved_model_dir, _split(flags.saved_model_tags))
    elif flags.input_graph:
        _require_file(flags.input_graph, "graph")
        graph = load_graph(detect(flags.input_graph))
    if flags.input_meta_graph:
        _require_file(flags.input_meta_graph, "meta graph")
        graph = load_graph(detect(flags.input_meta_graph))
    return _freeze(graph, _read_saver(flags.input_saver) if flags.input_saver else None, flags, sync=sync)


def freeze_graph_with_def_protos(  # noqa: PLR0913, PLR0917 -- they are TensorFlow's
    input_graph_def: Any,
    input_saver_def: Any,
    input_checkpoint: str | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph_def: Any = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: list[str] | None = None,
    checkpoint_version: int = _V2,
    *,
    variable_names_blacklist: str = "",
) -> Any:
    """Convert the variables of a graph and a checkpoint to constants, given as messages.

    Parameters
    ----------
    input_graph_def : GraphDef, optional
        TensorFlow's own, or ours; not modified, where TensorFlow clears its devices.
    input_checkpoint, output_node_names, restore_op_name, filename_tensor_name, output_graph, clear_devices,
    initializer_nodes, variable_names_whitelist, variable_names_denylist, input_saved_model_dir, checkpoint_version,
    variable_names_blacklist
        As in `freeze_graph`.

    Returns
    -------
    GraphDef
        Of the kind that was given.

    Raises
    ------
    ValueError, OSError, RuntimeError
        As `freeze_graph`.
    """
    del restore_op_name, filename_tensor_name, checkpoint_version
    graph = None
    if input_meta_graph_def is not None:
        graph = Model.from_meta_graph_def(input_meta_graph_def)
    elif input_graph_def is not None:
        graph = Model.from_graph_def(input_graph_def)
    elif input_saved_model_dir:
        graph = _read_saved_model(local_path(input_saved_model_dir), saved_model_tags or [])
    saver = None if input_saver_def is None else schema.parse(schema.SaverDef, schema.serialize(input_saver_def))
    flags = Flags(
        input_checkpoint=input_checkpoint or "",
        output_node_names=output_node_names,
        output_graph=output_graph,
        clear_devices=clear_devices,
        initializer_nodes=initializer_nodes,
        variable_names_whitelist=variable_names_whitelist,
        variable_names_denylist=_either(variable_names_denylist, variable_names_blacklist),
        input_saved_model_dir=input_saved_model_dir or "",
        saved_model_tags=",".join(saved_model_tags or ()),
    )
    model = _freeze(graph, saver, flags)
    return model.to_graph_def(like=input_meta_graph_def if input_meta_graph_def is not None else input_graph_def)


def _freeze(graph: Model | None, saver: Any, flags: Flags, *, sync: bool = False) -> Model:
    checkpoint, saved_model, names = (
        flags.input_checkpoint,
        flags.input_saved_model_dir,
        _split(flags.output_node_names),
    )
    if not saved_model and not (checkpoint and checkpoint_exists(checkpoint)):
        raise ValueError(f"Input checkpoint '{checkpoint}' doesn't exist!")
    if not names:
        raise ValueError("You need to supply the name of a node to --output_node_names.")
    if graph is None:
        raise ValueError("You need to supply a graph: --input_graph, --input_meta_graph or --input_saved_model_dir.")
    if not saved_model and not any(True for _ in variable_nodes(graph.graph)):
        raise ValueError(
            "No variables were found in this model. It is likely the model was frozen previously. "
            "You cannot freeze a graph twice."
        )
    if saver is not None:
        graph.meta = graph.meta if graph.meta is not None else schema.MetaGraphDef()
        graph.meta.saver_def.CopyFrom(saver)
    # TensorFlow evaluates initializers after restoring by a meta graph or by names only.
    initializers = [] if saver is not None or saved_model else _split(flags.initializer_nodes)
    if saved_model:
        graph.variables = load(saved_model, tags=_split(flags.saved_model_tags) or None).variables
    else:
        graph.variables = load(checkpoint).variables
    assigned = _assigned(graph, initializers) if initializers else {}
    allowed, denied = _split(flags.variable_names_whitelist), _split(flags.variable_names_denylist)
    convert(graph, names, allowed or None, denied or None, assigned=assigned)
    _serialize_anew(graph, clear_devices=flags.clear_devices)
    if flags.output_graph:
        # What is denied stays a variable, of which TensorFlow writes no value either.
        save(graph, flags.output_graph, to="graph_def", force=True, drop_values=True, sync=sync)
    return graph


def _assigned(model: Model, initializers: Sequence[str]) -> dict[str, Tensor]:
    from graphsurgeon.evaluator import assigned_values

    try:
        return assigned_values(model, initializers, "freeze_graph")
    except PassError as error:
        raise ValueError(error.message) from error


def _serialize_anew(model: Model, *, clear_devices: bool) -> None:
    """Let maps be written in order, as TensorFlow's deterministic serialization does, and drop devices."""
    for function, graph in model.graphs():
        edit = GraphEdit(graph)
        for node in graph:
            copy = edit.edit(node)
            copy.editable_proto()
            # TensorFlow drops those of the input, before it makes constants.
            if clear_devices and function is None and node.device:
                copy.device = ""
        edit.apply()
    for each in model.library.functions.values():
        each.origin = None


def _read_saved_model(directory: str, tags: Sequence[str]) -> Model:
    try:
        return load_graph(detect(directory), tags=tags)
    except NotFoundError as error:
        if not places.isdir(directory):
            raise
        raise RuntimeError(
            f"MetaGraphDef associated with tag-set '{','.join(tags)}' could not be found in SavedModel: "
            f"{error.message}; {error.hint}"
        ) from error


def _read_saver(path: str) -> Any:
    _require_file(path, "saver")
    data = read_side_file(path, "the saver", _MAX_SAVER_NBYTES)
    try:
        return schema.parse(schema.SaverDef, data, path=path)
    except CorruptionError:
        return schema.parse_text(schema.SaverDef, data, path=path)


def _require_file(path: str, what: str) -> None:
    if not places.exists(path):
        raise OSError(f"Input {what} file '{path}' does not exist!")


def _either(denylist: str, blacklist: str) -> str:
    if denylist and blacklist:
        raise ValueError("Cannot specify both variable_names_blacklist and variable_names_denylist, which are one.")
    return denylist or blacklist


def _split(text: str) -> list[str]:
    return [name for name in text.replace(" ", "").split(",") if name]
