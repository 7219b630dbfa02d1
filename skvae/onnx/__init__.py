"""Detectors as ONNX graphs: an import registers them with skl2onnx.

Then ``skl2onnx.to_onnx(pipeline, X[:1])`` returns one graph for a detector, or a pipeline that ends
with one. It needs ``pip install "skvae[onnx]"``.
"""

from skvae.onnx.converters import register_converters

__all__: list[str] = []

register_converters()
