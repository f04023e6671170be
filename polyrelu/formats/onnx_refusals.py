"""Why an operator of ONNX is refused: for messages, and for the table of all operators."""

from __future__ import annotations

from collections.abc import Mapping

_STEPS = (
    "it steps from one value to another, so what happens at the step is not a limit of what happens beside it, and "
    "regions and certificates rest on continuity"
)
_SMOOTH = "it is not piecewise linear; it is read where it takes constants only"
_PLACES = f"it gives the places of entries, and {_STEPS}"
_PRODUCTS = "it multiplies or divides numbers that depend on the input, so it is not piecewise linear"
_CONTROL = "it is control flow; export the network with its loops unrolled and its branches decided"
_SEQUENCE = "it makes or takes lists of tensors or optional values; export the network with tensors alone"
_TEXT = "it is about text or images in files, and no map between real numbers"
_RANDOM = "it is random; export the network in evaluation mode"
_RECURRENT = "it is recurrent with smooth gates by default; unroll it into MatMul, Add and Relu where it is linear"
_QUANTISED = "it rounds to whole numbers, so it is not continuous; ask about the network before it was quantised"
_WAVES = "its coefficients are irrational numbers that differ between programs; fold them into a MatMul"
_RESAMPLED = "it samples at places that are computed in floats; express it by Resize, Gather or MatMul"
_TRAINING = "it is a loss, for training"
_CACHE = "it writes into a cache of earlier calls, and a network here is called once"

_BY_REASON: Mapping[str, str] = {
    _PRODUCTS: (
        "Attention CausalConvWithState DeformConv GroupNormalization InstanceNormalization LRN LayerNormalization "
        "LinearAttention MeanVarianceNormalization RMSNormalization SwiGLU"
    ),
    _CONTROL: "Loop Scan SequenceMap",
    _SEQUENCE: (
        "ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct SequenceEmpty "
        "SequenceErase SequenceInsert SequenceLength SplitToSequence"
    ),
    _TEXT: "ImageDecoder RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer",
    _RANDOM: "Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike",
    _RECURRENT: "GRU LSTM RNN",
    _QUANTISED: "ConvInteger DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul",
    _WAVES: "DFT MelWeightMatrix RotaryEmbedding STFT",
    _RESAMPLED: "AffineGrid GridSample MaxRoiPool RoiAlign",
    _TRAINING: "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    _CACHE: "TensorScatter",
    _PLACES: "MaxUnpool NonMaxSuppression Unique",
    "it reads numbers by their bits": "BitCast",
}
REFUSED: Mapping[str, str] = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}
"""The operators that are refused even where they take constants, with the reason."""

_STEPPING = frozenset(
    {
        "And", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Ceil", "Equal", "Floor", "IsInf",
        "IsNaN", "Mod", "Or", "Round", "Sign", "Xor",
    }
)  # fmt: skip
_PLACING = frozenset({"ArgMax", "ArgMin", "Hardmax", "NonZero"})


def why_constants_only(kind: str) -> str:
    """Why an operator that is read on constants is refused where it depends on the network's input."""
    if kind == "QuantizeLinear":
        return _QUANTISED
    if kind in _PLACING:
        return _PLACES
    return _STEPS if kind in _STEPPING else _SMOOTH
