"""Double precision and eight simulated CPU devices, set before JAX starts."""

import jax
import matplotlib

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 8)
matplotlib.use("Agg")
