"""Edits of TensorFlow Lite networks that make them readable for the MediaPipe Tasks API.

The flatbuffers schema modules come out of the same checked wheel as the networks, so that a build needs
neither mediapipe nor numpy installed. The bytes written depend on nothing but the network and the edit.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import flatbuffers

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Sequence

_SCHEMA_FOLDER = "mediapipe/tasks/metadata"
_TFLITE_IDENTIFIER = b"TFL3"
_METADATA_IDENTIFIER = b"M001"
_METADATA_NAME = b"TFLITE_METADATA"
_BUFFER_ALIGNMENT = 16  # `force_align: 16` of Buffer.data in TensorFlow's schema.fbs


class TfliteSchema:
    """The generated flatbuffers classes of TFLite models and of their metadata."""

    def __init__(self, wheel: zipfile.ZipFile) -> None:
        self.model = _load_module(wheel, "schema_py_generated")
        self.metadata = _load_module(wheel, "metadata_schema_py_generated")
        self.model.BufferT = _bytes_buffer_class(self.model)

    def parse(self, network: bytes) -> Any:
        """The object tree (`ModelT`) of a serialised network."""
        return self.model.ModelT.InitFromObj(self.model.Model.GetRootAs(network, 0))

    def pack(self, model: Any) -> bytes:
        """Serialise an object tree; the inverse of `parse`."""
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), _TFLITE_IDENTIFIER)
        return bytes(builder.Output())


def _load_module(wheel: zipfile.ZipFile, name: str) -> Any:
    path = f"{_SCHEMA_FOLDER}/{name}.py"
    module = types.ModuleType(name)
    exec(compile(wheel.read(path), path, "exec"), module.__dict__)  # noqa: S102 - the wheel's sum was checked
    module.__dict__["np"] = None  # one way of packing, whether or not the builder's machine has numpy
    return module


def _bytes_buffer_class(schema: Any) -> Any:
    """A `BufferT` that keeps weights as bytes; the generated one goes by numbers and loses the alignment."""

    class BytesBufferT(schema.BufferT):  # type: ignore[misc]  # a class known at run time only
        data: bytes | None

        def _UnPack(self, buffer: Any) -> None:  # noqa: N802 - a name of the generated code
            if not buffer.DataIsNone():
                start = buffer._tab.Vector(buffer._tab.Offset(4))
                self.data = bytes(buffer._tab.Bytes[start : start + buffer.DataLength()])
            self.offset, self.size = buffer.Offset(), buffer.Size()

        @classmethod
        def InitFromObj(cls, buffer: Any) -> Any:  # noqa: N802
            made = cls()
            made._UnPack(buffer)
            return made

        def Pack(self, builder: Any) -> Any:  # noqa: N802
            vector = None if self.data is None else _aligned_byte_vector(builder, self.data)
            schema.BufferStart(builder)
            if vector is not None:
                schema.BufferAddData(builder, vector)
            schema.BufferAddOffset(builder, self.offset)
            schema.BufferAddSize(builder, self.size)
            return schema.BufferEnd(builder)

    return BytesBufferT


def _aligned_byte_vector(builder: Any, data: bytes) -> Any:
    builder.StartVector(1, len(data), _BUFFER_ALIGNMENT)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return builder.EndVector()


def _add_buffer(schema: TfliteSchema, model: Any, data: bytes) -> int:
    buffer = schema.model.BufferT()
    buffer.data = data
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def set_input_normalisation(schema: TfliteSchema, model: Any, *, mean: float, std: float) -> None:
    """Tell the Tasks API to feed the network (pixel - `mean`) / `std`, pixels being 0 to 255.

    Replaces the metadata that the network may carry; changes `model` in place.
    """
    meta = schema.metadata
    options = meta.NormalizationOptionsT()
    options.mean, options.std = [mean], [std]
    unit = meta.ProcessUnitT()
    unit.optionsType, unit.options = meta.ProcessUnitOptions.NormalizationOptions, options
    tensor = meta.TensorMetadataT()
    tensor.processUnits = [unit]
    graph = meta.SubGraphMetadataT()
    graph.inputTensorMetadata = [tensor]
    root = meta.ModelMetadataT()
    root.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(256)
    builder.Finish(root.Pack(builder), _METADATA_IDENTIFIER)

    entry = schema.model.MetadataT()
    entry.name, entry.buffer = _METADATA_NAME, _add_buffer(schema, model, bytes(builder.Output()))
    model.metadata = [kept for kept in model.metadata or [] if kept.name != _METADATA_NAME] + [entry]


def gather_output(
    schema: TfliteSchema, model: Any, *, output: int, axis: int, indices: Sequence[int]
) -> None:
    """Append a GATHER: output number `output` then delivers `indices` of `axis`; changes `model` in place."""
    tfl, graph = schema.model, model.subgraphs[0]
    source = graph.tensors[graph.outputs[output]]
    numbers = b"".join(index.to_bytes(4, "little", signed=True) for index in indices)

    index_tensor = tfl.TensorT()
    index_tensor.name, index_tensor.shape = b"gather_indices", [len(indices)]
    index_tensor.type, index_tensor.buffer = tfl.TensorType.INT32, _add_buffer(schema, model, numbers)
    gathered = tfl.TensorT()
    gathered.name, gathered.type = source.name + b"_gathered", source.type
    gathered.shape = [len(indices) if i == axis else int(n) for i, n in enumerate(source.shape)]
    first_new = len(graph.tensors)
    graph.tensors += [index_tensor, gathered]

    code = tfl.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = tfl.BuiltinOperator.GATHER
    code.version = 1
    model.operatorCodes.append(code)
    operator = tfl.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = [graph.outputs[output], first_new], [first_new + 1]
    operator.builtinOptionsType = tfl.BuiltinOptions.GatherOptions
    operator.builtinOptions = tfl.GatherOptionsT()
    operator.builtinOptions.axis = axis
    graph.operators.append(operator)
    graph.outputs = [first_new + 1 if i == output else int(t) for i, t in enumerate(graph.outputs)]
