"""From the ``fit`` of a transformer to that of its detector."""

from typing import Any

from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skvae._sklearn import raise_for_params


def fit_router(transformer: Any) -> MetadataRouter:
    """Return how arguments of the transformer's ``fit`` reach its ``detector``."""
    mapping = MethodMapping().add(caller="fit", callee="fit")
    return MetadataRouter(owner=transformer).add(
        detector=transformer.detector, method_mapping=mapping
    )


def routed_to_fit(transformer: Any, fit_params: dict[str, Any]) -> dict[str, Any]:
    """Return those that the detector requests, or raise an error."""
    raise_for_params(fit_params, transformer, "fit")
    routed: dict[str, Any] = process_routing(transformer, "fit", **fit_params).detector.fit
    return routed
