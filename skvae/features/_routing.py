"""From the ``fit`` of a transformer to that of its detector."""

from typing import Any

from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skvae._sklearn import raise_for_params


class RoutesToDetector:
    """A transformer whose ``fit`` passes arguments on to its ``detector``."""

    detector: Any

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how arguments of ``fit``, such as ``sample_weight``, reach the detector.

        Returns
        -------
        routing : MetadataRouter
            All that the detector requests.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(detector=self.detector, method_mapping=mapping)

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that the detector requests, or raise an error."""
        raise_for_params(fit_params, self, "fit")
        routed: dict[str, Any] = process_routing(self, "fit", **fit_params).detector.fit
        return routed
