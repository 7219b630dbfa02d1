"""The engine: networks are trained here, and applied to many rows."""
