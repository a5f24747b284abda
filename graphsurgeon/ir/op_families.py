"""Ops by what they are for, where TensorFlow has several of one kind."""

from __future__ import annotations

#: Variables that are read by reference, and handles of variables that are resources.
REF_OPS = frozenset({"Variable", "VariableV2", "AutoReloadVariable"})
RESOURCE_OPS = frozenset({"VarHandleOp"})

#: What gives a variable a value, what reads one, and what asks whether it has any.
ASSIGN_OPS = frozenset({"Assign", "AssignVariableOp"})
READ_OPS = frozenset({"Identity", "ReadVariableOp"})
IS_INITIALIZED_OPS = frozenset({"IsVariableInitialized", "VarIsInitializedOp"})

#: What hands its first input on as it is, a reference or handle too; those of references only have Ref before it.
PASS_ON_OPS = frozenset({"Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration", "_SwitchN"})

#: What writes checkpoints, and what reads them; some only those of the V1 format.
SAVE_OPS = frozenset({"SaveV2", "Save", "SaveSlices"})
V1_RESTORE_OPS = frozenset({"Restore", "RestoreSlice"})
RESTORE_OPS = V1_RESTORE_OPS | {"RestoreV2"}

#: What must be fed.
PLACEHOLDER_OPS = frozenset({"Placeholder", "PlaceholderV2"})

#: What fills lookup tables from a file, and what fills them.
TABLE_FILE_OPS = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
TABLE_INIT_OPS = TABLE_FILE_OPS | {"InitializeTable", "InitializeTableV2", "LookupTableImport", "LookupTableImportV2"}

#: What calls one function.
CALL_OPS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})

#: Control flow that is functions: which of them runs, and how often, is told by a tensor.
IF_OPS = frozenset({"If", "StatelessIf"})
CASE_OPS = frozenset({"Case", "StatelessCase"})
WHILE_OPS = frozenset({"While", "StatelessWhile"})

#: What gives a tensor of the shape of its first input.
SAME_SHAPE_OPS = frozenset({
    "Identity", "StopGradient", "PreventGradient", "CheckNumerics", "CheckNumericsV2", "Print", "Cast", "Snapshot",
    "DebugGradientIdentity", "Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign",
    "Softmax", "LogSoftmax", "Abs", "Neg", "Sign", "Square", "Sqrt", "Rsqrt", "Exp", "Log", "Floor", "Ceil", "Round",
    "Rint", "ZerosLike", "OnesLike", "LogicalNot", "IsNan", "IsInf", "IsFinite", "FakeQuantWithMinMaxArgs",
})  # fmt: skip

_PLUMBING = """
    Identity IdentityN StopGradient PreventGradient Snapshot CheckNumerics Cast ExpandDims Squeeze Pack Unpack
    StridedSlice Slice Fill ZerosLike OnesLike Transpose Enter Exit Switch Merge NextIteration LoopCond RefSwitch
    TensorListReserve TensorListFromTensor TensorListGetItem TensorListSetItem TensorListStack TensorArrayV3
    TensorArrayReadV3 TensorArrayWriteV3 TensorArrayGatherV3 TensorArrayScatterV3 TensorArrayUnpack BroadcastTo
    ReadVariableOp Placeholder PlaceholderV2 PlaceholderWithDefault EnsureShape Range _SwitchN
"""
#: What moves numbers about, and computes none.
PLUMBING_OPS = frozenset(_PLUMBING.split())
