"""Properties are held on a busy machine as well: how long an example takes says nothing."""

from hypothesis import HealthCheck, settings

patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
