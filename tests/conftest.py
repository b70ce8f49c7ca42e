"""Set before JAX starts: double precision, eight simulated devices, no window for figures."""

import os

# The suite computes on the processor, so that its numbers do not depend on the machine; tests of
# accelerators run under their own marker.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import matplotlib

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 8)
matplotlib.use("Agg")
