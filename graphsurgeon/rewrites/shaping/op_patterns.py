"""The patterns of ops, as `pattern_rules` reads them, and the ops that keep the shape of what they read."""

from __future__ import annotations

from typing import Final

_SAME_SHAPE = """
    Identity RefIdentity Snapshot StopGradient PreventGradient CheckNumerics CheckNumericsV2 Print
    DebugGradientIdentity DebugGradientRefIdentity DebugIdentity DebugIdentityV2 DeepCopy Enter RefEnter Exit
    RefExit NextIteration RefNextIteration Relu Relu6 Elu Selu LeakyRelu Softplus Softsign Softmax LogSoftmax
    Sigmoid Tanh LRN Neg Abs Sign Sqrt Rsqrt Square Reciprocal Inv Exp Expm1 Log Log1p Sin Cos Tan Asin Acos Atan
    Sinh Cosh Asinh Acosh Atanh Floor Ceil Round Rint Erf Erfc Erfinv Ndtri Lgamma Digamma Cast LogicalNot IsNan
    IsFinite IsInf ZerosLike OnesLike ReverseV2 Reverse Cumsum Cumprod CumulativeLogsumexp ClipByValue
    FakeQuantWithMinMaxVars FakeQuantWithMinMaxArgs FakeQuantWithMinMaxArgsGradient
    FakeQuantWithMinMaxVarsPerChannel QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3
    QuantizeAndDequantizeV4 AdjustContrastv2 AdjustHue AdjustSaturation RGBToHSV HSVToRGB ReverseSequence Roll
    RandomShuffle Invert PopulationCount Conj Real Imag Angle ComplexAbs Bucketize AsString StringToNumber
    StringLower StringUpper StringStrip StringToHashBucket StringToHashBucketFast StringToHashBucketStrong
    StringLength RegexReplace StaticRegexReplace RegexFullMatch StaticRegexFullMatch DecodeBase64 EncodeBase64
    UnicodeScript MatrixBandPart MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 FFT FFT2D FFT3D IFFT IFFT2D IFFT3D
    BatchFFT BatchIFFT TensorScatterAdd TensorScatterSub TensorScatterUpdate TensorScatterMax TensorScatterMin
    BesselI0 BesselI1 BesselI0e BesselI1e AssignAdd AssignSub ScatterAdd ScatterSub ScatterMul ScatterDiv ScatterMin
    ScatterMax ScatterUpdate ScatterNdAdd ScatterNdSub ScatterNdUpdate ScatterNdNonAliasingAdd CountUpTo ApplyAdam
    ApplyGradientDescent ApplyMomentum ApplyAdagrad ApplyAdagradV2 ApplyRMSProp ApplyCenteredRMSProp ApplyFtrl
    ApplyFtrlV2 ApplyAdadelta ApplyAdagradDA ApplyProximalAdagrad ApplyAdaMax ApplyProximalGradientDescent
    ApplyPowerSign ApplyAddSign SparseApplyAdagrad SparseApplyAdagradV2 SparseApplyMomentum SparseApplyFtrl
    SparseApplyFtrlV2 SparseApplyAdadelta SparseApplyRMSProp SparseApplyCenteredRMSProp SparseApplyProximalAdagrad
    SparseApplyAdagradDA SparseApplyProximalGradientDescent InplaceAdd InplaceSub InplaceUpdate StridedSliceAssign
    TensorStridedSliceUpdate DataFormatDimMap DataFormatVecPermute InvertPermutation CollectiveReduce NcclAllReduce
    CrossReplicaSum TridiagonalSolve
"""
#: What gives a tensor of the shape of its first input.
SAME_SHAPE: Final = frozenset(_SAME_SHAPE.split())

_SCALAR_RESULTS = """
    VarHandleOp VarIsInitializedOp IsVariableInitialized LoopCond L2Loss Size Rank ScalarSummary HistogramSummary
    ImageSummary AudioSummary AudioSummaryV2 TensorSummary TensorSummaryV2 MergeSummary FIFOQueueV2
    RandomShuffleQueueV2 PaddingFIFOQueueV2 PriorityQueueV2 QueueSizeV2 QueueIsClosedV2 StackV2 HashTableV2
    MutableHashTableV2 MutableDenseHashTableV2 MutableHashTableOfTensorsV2 AnonymousHashTable LookupTableSizeV2
    ReaderNumRecordsProducedV2 ReaderNumWorkUnitsCompletedV2 ReaderSerializeStateV2 TextLineReaderV2
    TFRecordReaderV2 WholeFileReaderV2 IdentityReaderV2 FixedLengthRecordReaderV2 TensorArraySizeV3
    TensorArraySizeV2 TensorArraySize Iterator IteratorV2 OneShotIterator IteratorToStringHandle
    IteratorFromStringHandle IteratorFromStringHandleV2 IteratorGetNextAsOptional OptionalNone OptionalFromValue
    OptionalHasValue TensorListReserve EmptyTensorList TensorListFromTensor TensorListSetItem TensorListPushBack
    TensorListLength TensorListScatter TensorListScatterV2 TensorListScatterIntoExistingList TensorListResize
    ShardedFilename ShardedFilespec Timestamp ReadFile MutexV2 ResourceCountUpTo DatasetCardinality
    BoostedTreesEnsembleResourceHandleOp AnonymousSeedGenerator AnonymousIterator AnonymousIteratorV3
    AnonymousMutableHashTable MutexLock AccumulatorNumAccumulated IsBoostedTreesEnsembleInitialized
    ResourceAccumulatorNumAccumulated BarrierReadySize BarrierIncompleteSize StageSize OrderedMapSize MapSize
    SummaryWriter EncodeJpeg EncodePng CollectiveInitializeCommunicator EmptyTensorMap TensorMapSize TensorMapInsert
    TensorMapErase GetSessionHandleV2 GetSessionHandle MultiDeviceIterator MultiDeviceIteratorInit
    ExperimentalStatsAggregatorHandle StatsAggregatorHandle UnwrapDatasetVariant WrapDatasetVariant DatasetToGraph
    DatasetToGraphV2 ThreadPoolHandle
"""
#: What gives one scalar: handles, counts, answers, summaries.
SCALAR_RESULTS: Final = frozenset(_SCALAR_RESULTS.split())

#: The others, one pattern a line.
PATTERNS: Final = """
    Unique: n -> u n
    SymbolicGradient: * -> =
    BatchNormWithGlobalNormalization: bhwc c c c c -> bhwc
    SparseTensorDenseAdd: nr n r * -> =3
    UniqueWithCounts: n -> u n u
    BroadcastGradientArgs: * * -> a b
    ListDiff: a b -> u u
    SparseSoftmaxCrossEntropyWithLogits: bc b -> b bc
    InTopK InTopKV2: bc b . -> b
    LSTMBlockCell: bi bc bc xy f f f g -> bc bc bc bc bc bc bc
    GRUBlockCell: bi bc xy zw t c -> bc bc bc bc
    BlockLSTM BlockLSTMV2: . tbi bc bc wf -> tbc tbc tbc tbc tbc tbc tbc
    MatrixInverse Cholesky MatrixExponential MatrixLogarithm MatrixSquareRoot: ...nn -> ...nn
    MatrixDeterminant BatchMatrixDeterminant: ...nn -> ...
    LogMatrixDeterminant: ...nn -> ... ...
    MatrixSolve MatrixTriangularSolve BatchMatrixSolve: ...nn ...nk -> ...nk
    MatrixDiag BatchMatrixDiag: ...n -> ...nn
    ReluGrad Relu6Grad EluGrad SeluGrad LeakyReluGrad SoftplusGrad SoftsignGrad: * * -> =
    SigmoidGrad TanhGrad RsqrtGrad SqrtGrad ReciprocalGrad InvGrad: * * -> =
    MaxPoolGrad MaxPool3DGrad LRNGrad: * * * -> =
    MaxPoolGradWithArgmax: * * * -> =
    MaxPoolGradGrad MaxPool3DGradGrad: * * * -> =1
    FakeQuantWithMinMaxVarsGradient: * * . . -> = . .
    FakeQuantWithMinMaxVarsPerChannelGradient: * * d d -> = d d
    ResizeBilinearGrad: bhwc -> bxyc
    MatchingFiles: * -> n
    ReaderRead ReaderReadV2: * * -> . .
    ReaderReadUpTo ReaderReadUpToV2: * * . -> a b
    StringSplit: n . -> a2 a 2
    StringSplitV2: n . -> a2 a 2
    SparseFillEmptyRows: nr n r . -> ur u e n
    SparseReshape: nr r s -> ns s
    SparseReorder: nr n r -> nr n
    SparseDenseCwiseMul SparseDenseCwiseDiv SparseDenseCwiseAdd: nr n r * -> n
    SparseSoftmax: nr n r -> n
    SparseSlice: nr n r r r -> ur u r
    SparseAdd: ar a r br b r . -> ur u r
    SparseSparseMaximum SparseSparseMinimum: ar a r br b r -> ur u
    SparseCross: * -> u2 v 2
    SparseToSparseSetOperation DenseToSparseSetOperation: * -> ur u r
    AddSparseToTensorsMap: * -> .
    SerializeSparse: * -> 3
    SerializeManySparse: * -> n3
    DeserializeSparse DeserializeManySparse: * -> nr n r
    CTCGreedyDecoder: tbc b -> n2 n 2 b1
    CTCLoss: tbc l2 l b -> b tbc
    SampleDistortedBoundingBox SampleDistortedBoundingBoxV2: 3 * -> 3 3 114
    DrawBoundingBoxes DrawBoundingBoxesV2: bhwc * -> bhwc
    NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3: b4 b . -> n
    NonMaxSuppressionWithOverlaps: bb b . -> n
    DecodeJpeg DecodePng DecodeAndCropJpeg: . -> hwc
    ExtractJpegShape: . -> 3
    LookupTableExportV2 LookupTableExport: * -> n *
    ConcatOffset: . n+ -> N:n
    TensorListConcat: * -> * n
    TensorListSplit: * -> .
    ComputeAccidentalHits: bt s -> n n n
    StatelessRandomGetKeyCounter: * -> 1 2
    StatelessRandomGetAlg: -> .
"""
