"""The inputs of ops that are scalars or vectors: TensorFlow imports no graph in which they are of another rank.

Asked of the shape functions of TensorFlow 2.21, one input at a time, the others being of no known shape, and whatever
the attrs say; a scalar that is -1, which stands for an unknown shape, is a vector where TensorFlow takes it for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphsurgeon.rewrites.shaping.dims import ShapeMismatchError, text_of_dims
from graphsurgeon.rewrites.shaping.op_calls import OpCall

_SCALARS = """
    AdjustContrastv2:1 ArgMax:1 ArgMin:1 Bincount:1 Concat:0 DecodeAndCropJpeg:0 DecodeJpeg:0 DecodePng:0
    ExtractJpegShape:0 FakeQuantWithMinMaxVars:1,2 FakeQuantWithMinMaxVarsGradient:2,3 Fill:1 GatherV2:2
    HistogramFixedWidth:2 LinSpace:0,1,2 LoopCond:0 MatrixDiagPartV2:2 MatrixDiagPartV3:2 MatrixDiagV2:2,3,4
    MatrixDiagV3:2,3,4 Multinomial:1 NonMaxSuppression:2 NonMaxSuppressionV2:2,3 NonMaxSuppressionV3:2,3,4
    NonMaxSuppressionWithOverlaps:2,3,4 QuantizeAndDequantizeV2:1,2 QuantizeAndDequantizeV3:1,2,3
    QuantizeAndDequantizeV4:1,2 RandomUniformInt:1,2 Range:0,1,2 ReadFile:0 ReaderReadUpToV2:2 RegexFullMatch:1
    RegexReplace:1,2 RestoreV2:0 SampleDistortedBoundingBoxV2:2 ShardedFilename:0,1,2 ShardedFilespec:0,1
    SparseFillEmptyRows:3 SparseSegmentMeanGrad:3 SparseSegmentMeanWithNumSegments:3 SparseSegmentSqrtNGrad:3
    SparseSegmentSqrtNWithNumSegments:3 SparseSegmentSumGrad:3 SparseSegmentSumWithNumSegments:3
    StatelessMultinomial:1 StatelessRandomNormalV2:3 StatelessRandomUniformInt:2,3
    StatelessRandomUniformIntV2:3,4,5 StatelessRandomUniformV2:3 StatelessTruncatedNormalV2:3 StringSplit:1
    StringSplitV2:1 Switch:1 TensorArrayConcatV2:1 TensorArrayConcatV3:1 TensorArrayGatherV3:2
    TensorArrayReadV3:1,2 TensorArrayScatterV3:3 TensorArraySplitV3:3 TensorArrayWriteV3:1,3 TensorListResize:1
    UnsortedSegmentMax:2 UnsortedSegmentMin:2 UnsortedSegmentProd:2 UnsortedSegmentSum:2 _SwitchN:1
"""
_VECTORS = """
    AddSparseToTensorsMap:1,2 AvgPoolGrad:0 BiasAdd:1 BiasAddV1:1 BlockLSTM:8 BlockLSTMV2:8 BroadcastArgs:0,1
    BroadcastGradientArgs:0,1 BroadcastTo:1 CTCGreedyDecoder:1 CTCLoss:2,3 ComputeAccidentalHits:1
    Conv2DBackpropFilter:1 Conv2DBackpropInput:0 CropAndResize:2,3 DecodeAndCropJpeg:1
    DenseToSparseSetOperation:2,3 DepthwiseConv2dNativeBackpropFilter:1 DepthwiseConv2dNativeBackpropInput:0
    Empty:0 Fill:0 FusedBatchNorm:1,2 FusedBatchNormGrad:2,3,4 FusedBatchNormGradV2:2,3,4
    FusedBatchNormGradV3:2,3,4 FusedBatchNormV2:1,2 FusedBatchNormV3:1,2 HistogramFixedWidth:1 InTopK:1
    InTopKV2:1 InvertPermutation:0 ListDiff:0,1 MaxPoolV2:1,2 NonMaxSuppression:1 NonMaxSuppressionV2:1
    NonMaxSuppressionV3:1 NonMaxSuppressionWithOverlaps:1 ParameterizedTruncatedNormal:0 RandomGamma:0
    RandomPoissonV2:0 RandomStandardNormal:0 RandomUniform:0 RandomUniformInt:0 Reshape:1 ResizeArea:1
    ResizeBicubic:1 ResizeBilinear:1 ResizeNearestNeighbor:1 RestoreV2:1,2 Reverse:1 ReverseSequence:1
    ReverseV2:1 SampleDistortedBoundingBox:0 SampleDistortedBoundingBoxV2:0 ScatterNd:2 SegmentMax:1
    SegmentMean:1 SegmentMin:1 SegmentProd:1 SegmentSum:1 SerializeManySparse:1,2 SerializeSparse:1,2 Slice:1,2
    SparseAdd:2 SparseFillEmptyRows:1,2 SparseReorder:1,2 SparseReshape:1,2 SparseSegmentMean:1,2
    SparseSegmentMeanGrad:1,2 SparseSegmentMeanWithNumSegments:1,2 SparseSegmentSqrtN:1,2
    SparseSegmentSqrtNGrad:1,2 SparseSegmentSqrtNWithNumSegments:1,2 SparseSegmentSum:1,2
    SparseSegmentSumGrad:1,2 SparseSegmentSumWithNumSegments:1,2 SparseSoftmax:1,2
    SparseSoftmaxCrossEntropyWithLogits:1 SparseSparseMaximum:1,2,4,5 SparseSparseMinimum:1,2,4,5
    SparseTensorDenseMatMul:1,2 SparseToDense:1 SparseToSparseSetOperation:1,2,4,5 StatelessMultinomial:2
    StatelessRandomGetKeyCounter:0 StatelessRandomNormal:0,1 StatelessRandomNormalV2:0,1,2
    StatelessRandomUniform:0,1 StatelessRandomUniformFullInt:0,1 StatelessRandomUniformInt:0,1
    StatelessRandomUniformIntV2:0,1,2 StatelessRandomUniformV2:0,1,2 StatelessTruncatedNormal:0,1
    StatelessTruncatedNormalV2:0,1,2 StridedSlice:1,2,3 StridedSliceGrad:0 StringSplit:0 StringSplitV2:0
    TensorArrayGatherV3:1 TensorArrayScatterV3:1 TensorArraySplitV3:2 TensorListScatterIntoExistingList:2
    TensorListSplit:2 Tile:1 TruncatedNormal:0 Unique:0
"""
_EITHER = """
    All:1 Any:1 EmptyTensorList:0 EuclideanNorm:1 MatchingFiles:0 MatrixDiagPartV2:1 MatrixDiagPartV3:1
    MatrixDiagV2:1 MatrixDiagV3:1 MatrixSetDiagV2:2 MatrixSetDiagV3:2 Max:1 Mean:1 Min:1
    MutableDenseHashTableV2:0 ParameterizedTruncatedNormal:1,2,3,4 Prod:1 ReduceJoin:1 Roll:1,2 Sum:1
    TensorListFromTensor:1 TensorListGather:2 TensorListGetItem:2 TensorListReserve:0 TensorListScatter:2
    TensorListScatterV2:2 TensorListSplit:1 TensorListStack:1
"""


def _table() -> Mapping[str, dict[int, tuple[int, ...]]]:
    found: dict[str, dict[int, tuple[int, ...]]] = {}
    for text, ranks in ((_SCALARS, (0,)), (_VECTORS, (1,)), (_EITHER, (0, 1))):
        for word in text.split():
            op, numbers = word.split(":")
            found.setdefault(op, {}).update((int(number), ranks) for number in numbers.split(","))
    return found


#: By op and position of an input the ranks that it may have.
INPUT_RANKS: Final = _table()


def check_ranks(call: OpCall) -> None:
    """Raise a ShapeMismatchError for an input of a rank that TensorFlow does not take."""
    known = INPUT_RANKS.get(call.node.op)
    if known is None:
        return
    for number, ranks in known.items():
        dims = call.input(number)
        if dims is not None and len(dims) not in ranks:
            kind = {(0,): "a scalar", (1,): "a vector", (0, 1): "a scalar or a vector"}[ranks]
            raise ShapeMismatchError(f"input {number} of {call.node.op} is {kind}, not {text_of_dims(dims)}")
