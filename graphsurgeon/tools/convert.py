"""Conversion of a graph or checkpoint to another format: GraphDef, MetaGraphDef, SavedModel, checkpoint."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.kinds import KINDS, OutputKind
from graphsurgeon.formats.load import load
from graphsurgeon.formats.save import is_text_path, save
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, texts_of
from proto_utils import places
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.places import is_directory_name

if TYPE_CHECKING:
    from graphsurgeon.rewrites.serving.servable import ServingReport


@dataclass(frozen=True)
class ConvertReport(Displayed):
    """What `convert` did.

    Attributes
    ----------
    kind : str
        What the source is.
    to : str
        What was written.
    outputs : list of str
        The paths written.
    serving : ServingReport or None
        Of a SavedModel: the signature that was made, and what else was added.
    notes : list of str
        What of the source the output lacks.
    """

    kind: str
    to: OutputKind
    outputs: list[str]
    serving: ServingReport | None
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        facts: dict[str, Any] = {"kind": self.kind, "to": self.to, "outputs": list(self.outputs)}
        if self.serving is not None:
            facts["serving"] = asdict(self.serving)
        return {**facts, "notes": self.notes}


class Conversion(NamedTuple):
    """A source that was loaded to be written as another kind; values of variables may have to be dropped for that."""

    found: Detected
    model: Model
    kind: OutputKind
    serving: ServingReport | None
    drops_values: bool

    def report(self, outputs: list[str], notes: list[str]) -> ConvertReport:
        """Return what was done; a SavedModel's own notes are among those of `serving`."""
        return ConvertReport(
            self.found.name, self.kind, outputs, self.serving, [] if self.kind == "saved_model" else notes
        )


def convert(  # noqa: PLR0913 -- each is one option
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    to: OutputKind | None = None,
    tags: Names | None = None,
    outputs: Names = (),
    inputs: Names = (),
    update_state: bool = False,
    drop_values: bool = False,
    force: bool = False,
    sync: bool = False,
) -> ConvertReport:
    """Convert a graph or checkpoint to another format: GraphDef, MetaGraphDef, SavedModel, checkpoint; binary or text.

    Parameters
    ----------
    source : path
    output : path
        A file, the prefix of a checkpoint, or a directory. It may be the source.
    to : str, optional
        What to write, as of `graphsurgeon.save`. By default a graph becomes text when the output ends in ``.pbtxt``,
        ``.prototxt`` or ``.txt``, and binary otherwise; a checkpoint is copied, its ``.meta`` with it, into the V2
        format; a SavedModel is copied when the output is a directory or ends in a slash.
    tags : str or sequence of str, optional
        Which meta graph of a SavedModel.
    outputs, inputs : str or sequence of str
        Those of the signature of a SavedModel that is written; by default guessed when it has none.
    update_state : bool
        Make a checkpoint the latest of its directory, where another one is.
    drop_values : bool
        Write a graph without the values of its variables.
    force : bool
        Whether existing files may be replaced.
    sync : bool
        Return only when the output is on the disk.

    Returns
    -------
    ConvertReport

    Raises
    ------
    UnsupportedError
        It cannot become that: a checkpoint without a graph a graph, a graph without values a checkpoint.
    OutputExistsError
        A file exists and `force` is false.
    PassError
        The values of variables would be lost, or an option is not for what is written.
    """
    output = os.fsdecode(output)
    conversion = prepare(source, output, to=to, tags=tags, outputs=outputs, inputs=inputs)
    how: dict[str, Any] = {"update_state": update_state, "force": force, "sync": sync}
    drops = drop_values or conversion.drops_values
    saved = save(conversion.model, output, to=conversion.kind, drop_values=drops, **how)
    return conversion.report(list(saved), saved.notes)


def prepare(
    source: str | os.PathLike[str],
    output: str,
    *,
    to: OutputKind | None = None,
    tags: Names | None = None,
    outputs: Names = (),
    inputs: Names = (),
) -> Conversion:
    """Load what is to be converted, complete for what it becomes. Parameters and errors are those of `convert`."""
    found = detect(source)
    signature = {"inputs": texts_of(inputs, "inputs"), "outputs": texts_of(outputs, "outputs")}
    model = load(source, tags=tags)
    kind = _kind_at(output, to, model) or KINDS[found.kind].copied_as(as_text=is_text_path(output))
    if any(signature.values()) and kind != "saved_model":
        reason = '`inputs` and `outputs` make the signature of a SavedModel: add `to="saved_model"`'
        raise PassError("convert", reason, is_usage=True)
    _check_possible(model, found, kind)
    serving = None
    if kind == "saved_model":
        from graphsurgeon.rewrites.serving.servable import servable

        model, serving = servable(model, **signature)
    # Who names the .meta of a checkpoint means the graph, which holds no values.
    drops_values = found.kind == "meta_graph" and kind.startswith("meta_graph")
    return Conversion(found, model, kind, serving, drops_values)


def _kind_at(output: str, to: OutputKind | None, model: Model) -> OutputKind | None:
    """Return what is made at a path, None when it does not tell; a directory is refused where none is made."""
    is_directory = is_directory_name(output) or (places.isdir(output) and not places.exists(f"{output}.index"))
    if not is_directory or to == "saved_model":
        return to
    if to is None and model.saved_model is not None:
        return "saved_model"
    example = os.path.join(output, "model.ckpt")
    more = f'name a file or a checkpoint prefix in it, such as {example}, or add `to="saved_model"`'
    raise PassError("convert", f"{output!r} is a directory: {more}", is_usage=True)


def _check_possible(model: Model, found: Detected, kind: OutputKind) -> None:
    if kind != "checkpoint" and found.graph is None:
        raise UnsupportedError(f"a checkpoint without a graph beside it cannot become a {kind}", path=found.path)
    if kind == "checkpoint" and not model.variables and found.prefix is None:
        raise UnsupportedError(
            f"a {found.name} without values of variables cannot become a checkpoint",
            path=found.path,
            hint="unfreeze makes variables of the weights of a frozen graph",
        )
